import type { Decision } from './decision.ts'
import type { Lease } from './lease.ts'

/** How and for how long to wait when nothing is free. */
export interface WaitPlan {
  /** The account to wait for; undefined when any of the eligible ones will do (late binding). */
  readonly account?: string
  /** The limit of that account, 0 when unlimited or when the plan names none. */
  readonly maxConcurrency: number
  readonly maxWaiting: number
  readonly timeoutMs: number
}

/** Why there is no account, in the order in which they are looked for. */
export type NoneReason =
  | 'owner_unknown'
  | 'conflicting_owners'
  | 'owner_gone'
  | 'owner_unavailable'
  | 'no_accounts'
  | 'model_unsupported'
  | 'transport_unsupported'
  | 'all_excluded'
  | 'cooling_down'

/**
 * The answer to {@link Scheduler.select}: a slot in hand, a place to wait, or why neither. Its decision is read when it is asked
 * for: undefined once the ring has overwritten it.
 */
export type Selection =
  | { readonly kind: 'selected'; readonly lease: Lease; readonly decision: Decision | undefined }
  | { readonly kind: 'wait'; readonly plan: WaitPlan; readonly decision: Decision | undefined }
  | {
      readonly kind: 'none'
      readonly reason: NoneReason
      readonly retryAfterMs?: number
      readonly decision: Decision | undefined
    }
