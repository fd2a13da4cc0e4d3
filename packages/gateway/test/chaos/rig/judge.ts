import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { AccountProfile, FaultRule, MockStats } from '@headgate/mock-upstream'
import { startSource } from './children.ts'

/** API key to profile. */
export type JudgeAccounts = Readonly<Record<string, AccountProfile>>

/** The mock upstream as the judge of a scenario, in its own process. */
export interface Judge {
  readonly url: string
  stats(): Promise<MockStats>
  fault(rule: FaultRule): Promise<void>
  clearFaults(account?: string): Promise<void>
  stop(): Promise<void>
}

const main = fileURLToPath(new URL('./judge-main.ts', import.meta.url))

/** Starts the judge on a free port. */
export async function startJudge(accounts: JudgeAccounts, seed: number): Promise<Judge> {
  const child = startSource(main, [JSON.stringify({ accounts, seed })], { ipc: true })
  const [{ url }] = (await Promise.race([
    once(child.process, 'message'),
    child.ended.then(() => Promise.reject(new Error(`The judge did not start: ${child.tail()}`))),
  ])) as [{ url: string }]
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
    fault: async rule => void (await control('POST', 'faults', rule)),
    clearFaults: async account =>
      void (await control('DELETE', account === undefined ? 'faults' : `faults?account=${account}`)),
    async stop() {
      child.process.kill('SIGKILL')
      await child.ended
    },
  }
}
