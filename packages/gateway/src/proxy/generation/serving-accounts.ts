import { type AccountState, upstreamModel } from '@headgate/scheduler'
import type { PoolAccess } from '../pool-access.ts'

/**
 * The accounts of a pool that serve a model, without those in `excluded`, as they stand now: only they say when it
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
  const ids = new Set(serving.map(({ id }) => id))
  return pool.scheduler.accounts().filter(({ account }) => ids.has(account))
}
