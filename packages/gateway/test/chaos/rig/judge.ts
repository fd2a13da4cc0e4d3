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
   * The most generations an account ran at once, from the log of the last 1000 requests, without those that were
   * abandoned unanswered within 10 ms. The judge notices such a client's end one poll after its request, because
   * both wait in one socket, and counts it beside its successor: a client without any gateway, which closes each
   * socket before it writes on the next, is told one more than it ever had open.
   */
  sustainedMax(account: string): Promise<number>
  fault(rule: FaultRule): Promise<void>
  clearFaults(account?: string): Promise<void>
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
    async stop() {
      child.process.kill('SIGKILL')
      await child.ended
    },
  }
}

const abandonedAtOnceMs = 10

function mostAtOnce(requests: readonly RequestRecord[]): number {
  const changes = requests.flatMap(({ startedAt, endedAt, aborted, status }) => {
    const end = endedAt ?? Number.POSITIVE_INFINITY
    if (aborted && status === null && end - startedAt < abandonedAtOnceMs) return []
    return [
      { at: startedAt, by: 1 },
      { at: end, by: -1 },
    ]
  })
  changes.sort((a, b) => a.at - b.at || a.by - b.by)
  let now = 0
  let most = 0
  for (const { by } of changes) {
    now += by
    most = Math.max(most, now)
  }
  return most
}
