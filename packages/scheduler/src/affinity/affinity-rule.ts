import type { ScheduleRequest } from '../model/request.ts'
import type { BindingScope } from './binding-key.ts'

/** What is known of the account a binding names. */
export interface BoundFacts {
  /** The request has failed there already. */
  readonly excluded: boolean
  /** There is no such account in the pool any more. */
  readonly gone: boolean
  readonly foreign: boolean
  /** The reference's rule for a binding that has lost its sense (see `mustClear`). */
  readonly mustClear: boolean
  /** Takes bound requests now: not retired, cooling down or ejected. */
  readonly reachable: boolean
  readonly modelSupported: boolean
  readonly transportMatches: boolean
  readonly supportsWebSocket: boolean
}

/**
 * What to do about a binding: use the account; let the ranker weigh what it is worth; pass on and keep the binding; pass on and remove it; or pass on
 * and point it at wherever the request ends up.
 */
export type Verdict = 'use' | 'price' | 'keep' | 'unbind' | 'move'

/** A layer before balancing: a key that leads a request back to where it was served before. */
export interface AffinityRule {
  readonly layer: 'previous_response_id' | 'session_hash'
  /** The binding key of this request; undefined when the rule does not concern it. */
  key(request: ScheduleRequest, scope: BindingScope): string | undefined
  /** Pure: facts in, verdict out. */
  judge(facts: BoundFacts): Verdict
  /** With every slot of the bound account taken: wait for it, or go on to the next layer. */
  readonly whenBusy: 'wait' | 'spill'
  readonly ttlMs: number
}
