import type { AttemptEnd } from '../attempt/attempt.ts'
import type { RetryBudget } from './retry-budget.ts'

/** What decides whether a request may move on after a failed attempt. */
export interface FailoverState {
  readonly maxAttempts: number
  readonly budget: RetryBudget
  /** Work that goes on upstream whether anyone listens or not is never sent twice. */
  readonly background: boolean
  attempts: number
  /** Attempts that may have been done although their answer was lost: one may be repeated, not two. */
  ambiguous: number
}

/** Counts an attempt that failed while another one ran beside it: the other decides whether the request moves on. */
export function countFailure(state: FailoverState, end: AttemptEnd): void {
  if (end.kind === 'failed' && end.ambiguous) state.ambiguous++
}

/**
 * Whether another account may be tried after `end`, taking one retry from the budget if so. Only before the
 * commit point, because only a failed attempt that said nothing to the client gets here.
 */
export function mayMoveOn(state: FailoverState, end: AttemptEnd & { readonly kind: 'failed' }): boolean {
  if (!end.verdict.mayFailOver || state.background) return false
  if (state.attempts >= state.maxAttempts) return false
  if (end.ambiguous && ++state.ambiguous > 1) return false
  return state.budget.tryTake()
}
