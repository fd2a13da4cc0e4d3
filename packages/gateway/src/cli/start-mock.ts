import type { AccountProfile, MockUpstream } from '@headgate/mock-upstream'

/** What the commands may say about the mock upstream. */
export interface MockFlags {
  /** 0 takes any free one. */
  readonly port: number
  /** Keys that are accepted, one account each; none: any key is. */
  readonly keys: readonly string[]
  readonly ttftMs?: number | undefined
  readonly tokensPerSecond?: number | undefined
  /** Requests each account serves at once; more get 429. Absent: any number. */
  readonly concurrency?: number | undefined
}

/** Starts the mock upstream on 127.0.0.1; loaded when needed, because only the demo and one command use it. */
export async function startMock(flags: MockFlags): Promise<MockUpstream> {
  const { createMockUpstream } = await import('@headgate/mock-upstream')
  const { port, keys, ttftMs = 0, tokensPerSecond = 0, concurrency = null } = flags
  const defaults: AccountProfile = { ttftMs, tokensPerSecond, concurrency }
  const accounts = Object.fromEntries(keys.map(key => [key, { name: key }]))
  return await createMockUpstream({ port, defaults, ...(keys.length > 0 && { accounts }) })
}
