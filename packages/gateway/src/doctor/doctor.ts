import type { Clock } from '@headgate/scheduler'
import { configCredentials } from '../compose/config-credentials.ts'
import { createTokenSources } from '../compose/token-sources.ts'
import type { AccountConfig, CapabilityName, Config } from '../config/config.ts'
import { silentLog } from '../runtime/log.ts'
import { knowCredentials } from '../text/credentials.ts'
import { createUpstream, type UpstreamOptions } from '../upstream/client.ts'
import { withCredentials } from '../upstream/credentialed.ts'
import { examineAddress, examineFolder } from './environment.ts'
import { type AccountReport, examineAccount } from './examine-account.ts'
import type { Finding } from './finding.ts'

/** All that was found. */
export interface DoctorReport {
  /** False when an account or the place where Headgate would run is broken. */
  readonly ok: boolean
  readonly node: string
  /** Of the machine: the data folder and the address. */
  readonly findings: readonly Finding[]
  /** Enabled accounts, in the order of the file. */
  readonly accounts: readonly AccountReport[]
  /** Ids of accounts that the file switches off: they are not asked. */
  readonly disabled: readonly string[]
}

/** What an examination is made with. */
export interface DoctorOptions {
  readonly config: Config
  readonly clock: Clock
  /** Whether a capability of an account stands in the file. */
  readonly isStated: (account: number, capability: CapabilityName) => boolean
  readonly upstream?: UpstreamOptions
}

/** Accounts that are examined at once. */
const maxAtOnce = 8

/** Examines a configuration where it would run. Costs no tokens, changes nothing; never rejects. */
export async function examine({
  config,
  clock,
  isStated,
  upstream: options,
}: DoctorOptions): Promise<DoctorReport> {
  const upstream = withCredentials(createUpstream(options))
  const aside = createUpstream(options)
  const tokens = createTokenSources({ upstream: aside, clock, log: silentLog })
  knowCredentials(upstream, configCredentials(config))
  try {
    const { server, store } = config
    const places = [examineFolder(store.path), examineAddress(server)]
    const enabled = [...config.accounts.entries()].filter(([, account]) => account.enabled)
    const accounts = await atOnce(enabled, ([index, account]) =>
      examineAccount(account, {
        ...{ upstream, clock, credential: tokens.of(account) },
        stated: statedOf(account, name => isStated(index, name)),
      }),
    )
    const findings = (await Promise.all(places)).flat()
    const all = [...findings, ...accounts.flatMap(account => account.findings)]
    return {
      ok: all.every(({ severity }) => severity !== 'broken'),
      node: process.version,
      findings,
      accounts,
      disabled: config.accounts.filter(account => !account.enabled).map(({ id }) => id),
    }
  } finally {
    tokens.close()
    knowCredentials(upstream, [])
    await Promise.all([upstream.close(), aside.close()])
  }
}

function statedOf(
  { capabilities }: AccountConfig,
  is: (name: CapabilityName) => boolean,
): Set<CapabilityName> {
  return new Set((Object.keys(capabilities) as CapabilityName[]).filter(is))
}

/** Maps in order, a few at a time. */
async function atOnce<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  const queue = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await map(item)
  }
  await Promise.all(Array.from({ length: maxAtOnce }, work))
  return results
}
