import { fileURLToPath } from 'node:url'
import type { AccountProfile, FaultRule, MockStats, RequestRecord } from '@headgate/mock-upstream'
import { startServer } from './children.ts'

/** API key to profile. */
export type JudgeAccounts = Readonly<Record<string, AccountProfile>>

/** The mock upstream as the judge of a scenario, in its own process. */
export interface Judge {
  readonly url: string
  stats(): Promise<MockStats>
  /**
   * The most generations an account ran at once for at least 5 ms, from the log. The end of one request and the start
   * of the next come over two sockets, and nothing orders what two sockets bring: a client without any gateway, which
   * closes each socket before it writes on the next, is told one more than it ever had open, for a moment. A slot
   * given out twice lasts as long as a generation does, some 100 ms here.
   */
  sustainedMax(account: string): Promise<number>
  fault(rule: FaultRule): Promise<void>
  clearFaults(account?: string): Promise<void>
  /** What an account does from its next request on; other fields stay. */
  setProfile(account: string, profile: AccountProfile): Promise<void>
  stop(): Promise<void>
}

const main = fileURLToPath(new URL('./judge-main.ts', import.meta.url))

/** Starts the judge on a free port. */
export async function startJudge(accounts: JudgeAccounts, seed: number): Promise<Judge> {
  const { child, url } = await startServer(main, [JSON.stringify({ accounts, seed })])
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/__mock/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`The judge refused ${method} ${path}: ${text}`)
    return JSON.parse(text)
  }
  return {
    url,
    stats: async () => (await control('GET', 'stats')) as MockStats,
    async sustainedMax(account) {
      const { requests } = (await control('GET', 'requests')) as { requests: readonly RequestRecord[] }
      return mostAtOnce(requests.filter(request => request.account === account))
    },
    fault: async rule => void (await control('POST', 'faults', rule)),
    clearFaults: async account =>
      void (await control('DELETE', account === undefined ? 'faults' : `faults?account=${account}`)),
    setProfile: async (account, profile) => void (await control('POST', 'profile', { account, ...profile })),
    async stop() {
      child.process.kill('SIGKILL')
      await child.ended
    },
  }
}

const sustainedMs = 5

function mostAtOnce(requests: readonly RequestRecord[]): number {
  const changes = requests.flatMap(({ startedAt, endedAt }) => [
    { at: startedAt, by: 1 },
    { at: endedAt ?? Number.POSITIVE_INFINITY, by: -1 },
  ])
  changes.sort((a, b) => a.at - b.at || a.by - b.by)
  // Since when at least so many ran: reached[3] is when the count last rose to 3.
  const reached: number[] = []
  let now = 0
  let most = 0
  for (const { at, by } of changes) {
    if (by > 0) reached[++now] = at
    else if (at - reached[now--]! >= sustainedMs) most = Math.max(most, now + 1)
  }
  return most
}
