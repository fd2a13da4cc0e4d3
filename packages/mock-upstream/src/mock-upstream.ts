import type { AddressInfo } from 'node:net'
import { type AccountProfile, checkProfile } from './account-profile.ts'
import { Accounts } from './accounts.ts'
import { type MockClock, systemClock } from './clock.ts'
import { createControl, type MockControl } from './control.ts'
import { EntraTokens } from './entra-tokens.ts'
import { FaultRules } from './faults/fault-rules.ts'
import { createIdSource } from './identifiers.ts'
import { createRandom, type MockRandom } from './random.ts'
import { RequestLog } from './request-log.ts'
import { Scenario, type ScenarioStep } from './scenario.ts'
import { createMockServer } from './server.ts'
import type { StoredResponseLimits } from './stored-responses.ts'
import type { MockWorld } from './world.ts'

/** How to make a mock; everything has a default. */
export interface MockUpstreamOptions {
  /** Default 127.0.0.1. The control needs no key: whoever reaches the port can pull the levers. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly port?: number
  /** API key to profile. */
  readonly accounts?: Readonly<Record<string, AccountProfile>>
  /** Accept any key, and make an account for it on first sight. Default: only when no accounts are given. */
  readonly open?: boolean
  /** What profiles leave out. */
  readonly defaults?: AccountProfile
  /** Models of accounts whose profile names none; a trailing `*` matches any ending. */
  readonly models?: readonly string[]
  readonly clock?: MockClock
  /** Seed of the jitter and of faults with a probability. Default 1. */
  readonly seed?: number
  /** Numbers in [0, 1) instead of the seeded ones. */
  readonly random?: MockRandom
  /** A script that starts with the server. */
  readonly scenario?: readonly ScenarioStep[]
  /** Requests kept for `control.requests()`. Default 1000. */
  readonly requestLog?: number
  /** Keep each JSON body, as received, in its log record. Default false. */
  readonly captureBodies?: boolean
  /** Default 64 MiB. */
  readonly maxBodyBytes?: number
  /** Bound of an upload, which is read without being kept. Default 512 MiB. */
  readonly maxUploadBytes?: number
  /** Bytes kept of each uploaded file; the rest is counted and reads as zeros. Default 1 MiB. */
  readonly keptFileBytes?: number
  /** Bound of what each account remembers. Default 10,000 responses and 64 million characters. */
  readonly storedResponses?: StoredResponseLimits
}

/** A running mock. */
export interface MockUpstream {
  /** `http://127.0.0.1:PORT`, without a slash at the end and without `/v1`. */
  readonly url: string
  readonly port: number
  readonly control: MockControl
  /** Stops at once: scripts end, open connections are destroyed. Resolves when the port is free. */
  close(): Promise<void>
}

/** Models served when nothing else is said. */
export const DEFAULT_MODELS: readonly string[] = [
  'gpt-5.1',
  'gpt-5',
  'gpt-5-mini',
  'gpt-4.1',
  'gpt-4.1-mini',
  'gpt-4o',
  'gpt-4o-mini',
  'o4-mini',
  'text-embedding-3-small',
  'text-embedding-3-large',
]

/** Starts a server that behaves like the OpenAI API. Rejects when the options are wrong or the port is taken. */
export async function createMockUpstream(options: MockUpstreamOptions = {}): Promise<MockUpstream> {
  const { host = '127.0.0.1', port = 0 } = options
  const world = createWorld(options)
  const control = createControl(world)
  const server = createMockServer(world, control)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  if (options.scenario !== undefined) control.runScenario(options.scenario)
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    control,
    close: () =>
      new Promise(resolve => {
        world.scenario.stop()
        for (const account of world.accounts.all()) account.stored.clear()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function createWorld(options: MockUpstreamOptions): MockWorld {
  const { clock = systemClock, defaults = {}, seed = 1, random = createRandom(seed) } = options
  checkProfile(defaults, 'defaults')
  const storedResponses = options.storedResponses ?? { count: 10_000, characters: 64_000_000 }
  const configured = Object.entries(options.accounts ?? {})
  const open = options.open ?? configured.length === 0
  const accounts = new Accounts({ clock, storedResponses, defaults }, { open })
  for (const [key, profile] of configured) accounts.add(key, profile)
  const faults = new FaultRules(random)
  return {
    clock,
    random,
    nextId: createIdSource(),
    accounts,
    faults,
    scenario: new Scenario({ clock, accounts, faults }),
    log: new RequestLog(options.requestLog ?? 1000),
    models: options.models ?? DEFAULT_MODELS,
    maxBodyBytes: options.maxBodyBytes ?? 64 * 1024 * 1024,
    maxUploadBytes: options.maxUploadBytes ?? 512 * 1024 * 1024,
    keptFileBytes: options.keptFileBytes ?? 1024 * 1024,
    captureBodies: options.captureBodies ?? false,
    entraTokens: new EntraTokens(),
    unauthorized: 0,
  }
}
