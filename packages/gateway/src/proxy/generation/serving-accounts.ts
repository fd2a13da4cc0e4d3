import { type AccountState, upstreamModel } from '@headgate/scheduler'
import type { PoolAccess } from '../pool-access.ts'

/**
 * The accounts of a pool that serve a model, without those in `excluded`, as they stand now for it: only they say when it
 * is worth coming back.
 */
export function servingStates(
  pool: PoolAccess,
  model: string,
  excluded: ReadonlySet<string> | undefined,
): readonly AccountState[] {
  const serving = pool.accounts.filter(
    ({ id, models }) => !excluded?.has(id) && upstreamModel(models, model) !== undefined,
  )
  const upstream = new Map(serving.map(({ id, models }) => [id, upstreamModel(models, model)]))
  return pool.scheduler
    .accounts()
    .filter(({ account }) => upstream.has(account))
    .map(state => forModel(state, pool, upstream.get(state.account)))
}

/** An account that was refused this model for its rate limit rests, as far as this model goes. */
function forModel(state: AccountState, { scheduler }: PoolAccess, model: string | undefined): AccountState {
  const limits = scheduler.limits(state.account).find(known => known.model === model)
  const refusedForMs = limits?.refusedForMs ?? 0
  if (refusedForMs <= state.availableInMs) return state
  return { ...state, state: 'cooling_down', reason: 'rate_limited', availableInMs: refusedForMs }
}
