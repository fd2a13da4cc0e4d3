import type { AttemptEnd } from '../attempt/attempt.ts'
import type { RoutedExchange } from '../request-exchange.ts'
import type { AccountSearch } from './account-search.ts'
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

/** How it stands with a request that has just come; it is counted towards its pool's budget. */
export function beginFailover(
  { deps, shared, pool }: RoutedExchange,
  { background }: Pick<FailoverState, 'background'>,
): FailoverState {
  const budget = shared.budgetOf(pool.name)
  budget.requested()
  return { maxAttempts: deps.limits.attempts, budget, background, attempts: 0, ambiguous: 0 }
}

/** The next account; a retry that finds none to go to is not one. */
export async function nextAccount(
  search: AccountSearch,
  state: FailoverState,
): ReturnType<AccountSearch['next']> {
  try {
    return await search.next()
  } catch (error) {
    if (state.attempts > 0) state.budget.giveBack()
    throw error
  }
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
