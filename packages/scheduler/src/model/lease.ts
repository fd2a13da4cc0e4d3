import type { Account } from './account.ts'
import type { Decision, Layer } from './decision.ts'
import type { ReportedLimits } from './limits.ts'
import type { Outcome, Usage } from './outcome.ts'

/** What the caller says when an attempt has ended. */
export interface Settlement {
  readonly outcome: Outcome
  readonly usage?: Usage
  /**
   * What the response's headers said of rate limits, for those who did not {@link Lease.reportLimits} them. Taken as
   * told at the first token, or now when there was none.
   */
  readonly limits?: ReportedLimits
}

/**
 * The right to use one slot of one account.
 *
 * A request ends when its stream ends, not when its headers arrive: until `settle` or dispose the slot counts
 * as used. It is released exactly once, whichever is called first and however often. Dispose without settle
 * is neutral: it releases and says nothing about the account. Neither throws; a remote release goes on in the
 * background until acknowledged.
 */
export interface Lease extends Disposable {
  readonly account: Account
  /** The record of the choice; undefined once the ring has overwritten it. */
  readonly decision: Decision | undefined
  readonly decisionId: number
  /**
   * Where the account was found; cheaper than reading the decision. `session_hash` as well where it was chosen by its cost
   * and holds some of the session's prompt.
   */
  readonly layer: Layer
  /**
   * Milliseconds until its first token as the account has it when it is well, under the present load: what an attempt
   * that stays silent is measured against. Undefined where the profile learns nothing.
   */
  readonly expectedFirstTokenMs: number | undefined
  /** The same as the account is now, sick or well: what an attempt there is worth. */
  readonly likelyFirstTokenMs: number | undefined
  /** Milliseconds the request waited in the queue, 0 when it did not. */
  readonly waitedMs: number
  /** Binds hard keys (ids just created) to this account's state domain. Await it before relaying an id. */
  bind(keys: readonly string[], options?: { readonly ttlMs?: number }): void | Promise<void>
  /** Reports the first output-bearing event; the first call counts. Feeds time to first token. */
  firstToken(): void
  /**
   * Reports the rate limits of the response's headers, as soon as they arrive: a reset is told from then on, and until
   * then other requests are held back for this one. As often as there are any.
   */
  reportLimits(limits: ReportedLimits): void
  settle(settlement: Settlement): void
  /** True until released, settled, or lost (its store gave the slot to someone else). */
  readonly held: boolean
}
