import { isSchedulerError, type Located } from '@headgate/scheduler'
import { GatewayError } from '../errors/errors.ts'
import { schedulerRefusal } from '../errors/scheduler-refusal.ts'
import { ownerKey } from '../ownership/owner-key.ts'
import type { AccountAccess } from '../pool-access.ts'
import { accountOf, type RoutedExchange } from '../request-exchange.ts'
import type { ObjectOperation } from '../routing/operation.ts'
import { idShape, type Route } from '../routing/route.ts'
import { objectNotFound } from './not-found.ts'

/** Where the ids of a path lead. */
export interface ObjectPlace {
  readonly account: AccountAccess
  readonly domain: string
  /** The hard keys of the path's ids, in its order. */
  readonly keys: readonly string[]
}

/**
 * Finds the account that stores what a path names. Throws the 404 of the first id that is not the tenant's or does
 * not lie with those before it, and `owner_unavailable` when the account cannot be asked now.
 */
export async function locateObject(exchange: RoutedExchange<Route<ObjectOperation>>): Promise<ObjectPlace> {
  const { route, cancellation } = exchange
  const { ids, owners } = route
  const keys: string[] = []
  let located: Located | undefined
  for (const [index, kind] of owners.entries()) {
    const id = ids[index]!
    if (!idShape.test(id)) throw objectNotFound(kind, id)
    keys.push(ownerKey(kind, id))
    located = await locate(exchange, keys)
    cancellation.check()
    if (located.kind === 'located') continue
    if (located.reason !== 'owner_unavailable') throw objectNotFound(kind, id)
    throw new GatewayError('owner_unavailable', { retryAfterMs: located.retryAfterMs })
  }
  if (located?.kind !== 'located') throw new GatewayError('internal_error')
  const account = accountOf(exchange, located.account)
  if (account === undefined) throw objectNotFound(owners.at(-1)!, ids.at(-1)!)
  return { account, domain: located.domain, keys }
}

async function locate({ pool, client }: RoutedExchange, owners: readonly string[]): Promise<Located> {
  try {
    return await pool.scheduler.locate({ tenant: client.tenant, owners })
  } catch (error) {
    if (!isSchedulerError(error)) throw error
    const context = { serving: () => [], model: '', continues: undefined, nearestModels: () => [] }
    throw schedulerRefusal(error, context)
  }
}
