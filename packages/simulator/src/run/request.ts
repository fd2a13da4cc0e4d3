import type { Lease } from '@headgate/scheduler'
import type { Observer, SimulatedRequest } from '../policies/policy.ts'
import type { SessionStart } from '../workload/session.ts'
import type { PrefixCache } from '../world/prefix-cache.ts'
import type { Prompt } from '../world/upstream.ts'

/** A session under way. */
export interface Session {
  readonly start: SessionStart
  /** The serial of its first turn's request; no other request has that of any of its turns. */
  readonly firstSerial: number
  readonly cache: PrefixCache
  turn: number
  /** The hard key of what an account stores of it; undefined while none does. */
  bound: string | undefined
}

/** One request on its way: through a queue, up to four attempts, to its last token or its failure. */
export interface Request {
  readonly session: Session
  readonly prompt: Prompt
  readonly schedule: SimulatedRequest
  readonly gateway: number
  readonly arrivedMs: number
  readonly reusableTokens: number
  readonly failedOn: Set<string>
  attempts: number
  waitedMs: number
  /** Attempts that have not said anything yet: two of them while it is hedged. */
  readonly silent: Served[]
  hedged: boolean
  answered: boolean
}

/** A slot that a request was given, and who hears of what comes of it. */
export interface Granted {
  readonly lease: Lease
  readonly observer: Observer | undefined
}

/** An attempt that is being served. */
export interface Served {
  readonly request: Request
  readonly lease: Lease
  readonly observer: Observer | undefined
  readonly account: number
  readonly cachedTokens: number
  readonly beganMs: number
  over: boolean
}
