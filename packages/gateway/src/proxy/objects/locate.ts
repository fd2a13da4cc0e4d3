import { isSchedulerError, type Located } from '@headgate/scheduler'
import { GatewayError } from '../errors/errors.ts'
import { schedulerRefusal } from '../errors/scheduler-refusal.ts'
import { listedItemKey, ownerKey } from '../ownership/owner-key.ts'
import type { AccountAccess } from '../pool-access.ts'
import { accountOf, type RoutedExchange } from '../request-exchange.ts'
import type { ObjectOperation } from '../routing/operation.ts'
import { idShape, type Route } from '../routing/route.ts'
import { objectNotFound } from './not-found.ts'

/** Where ids lead. */
export interface ObjectPlace {
  readonly account: AccountAccess
  readonly domain: string
  /** Their hard keys, in their order. */
  readonly keys: readonly string[]
}

/**
 * Finds the account that stores what a path names. Throws the 404 of the first id that is not the tenant's or does
 * not lie with those before it, and `owner_unavailable` when the account cannot be asked now.
 */
export async function locateObject(exchange: RoutedExchange<Route<ObjectOperation>>): Promise<ObjectPlace> {
  const { ids, owners } = exchange.route
  const keys: string[] = []
  let place: ObjectPlace | undefined
  for (const [index, kind] of owners.entries()) {
    const id = ids[index]!
    const notFound = () => objectNotFound(kind, id)
    if (!idShape.test(id)) throw notFound()
    const listed = kind === 'item' && (await locateListed(exchange, keys, id))
    if (listed) return listed
    keys.push(ownerKey(kind, id))
    place = await locateKeys(exchange, keys, notFound, 'not_found')
  }
  return place!
}

/** An item whose id was told by a list of what the path names before it; undefined when it was not. */
async function locateListed(
  exchange: RoutedExchange<Route<ObjectOperation>>,
  keys: readonly string[],
  id: string,
): Promise<ObjectPlace | undefined> {
  const notFound = objectNotFound('item', id)
  const all = [...keys, listedItemKey(exchange.route.ids[0]!, id)]
  try {
    return await locateKeys(exchange, all, () => notFound, 'not_found')
  } catch (error) {
    if (error === notFound) return undefined
    throw error
  }
}

/**
 * The account that stores all that these keys stand for. Throws `notFound` when one of them is not the tenant's, what
 * `conflict` says when they lie apart, and `owner_unavailable` when the account cannot be asked now.
 */
export async function locateKeys(
  exchange: RoutedExchange,
  keys: readonly string[],
  notFound: () => GatewayError,
  conflict: 'conflicting_owners' | 'not_found' = 'conflicting_owners',
): Promise<ObjectPlace> {
  const located = await locate(exchange, keys)
  exchange.cancellation.check()
  if (located.kind === 'none') {
    const { reason, retryAfterMs } = located
    if (reason === 'owner_unavailable') throw new GatewayError(reason, { retryAfterMs })
    throw reason === 'conflicting_owners' && conflict === reason ? new GatewayError(reason) : notFound()
  }
  const account = accountOf(exchange, located.account)
  if (account === undefined) throw notFound()
  return { account, domain: located.domain, keys }
}

async function locate({ pool, client, shared }: RoutedExchange, owners: readonly string[]): Promise<Located> {
  try {
    return await pool.scheduler.locate({ tenant: client.tenant, owners })
  } catch (error) {
    if (!isSchedulerError(error)) throw error
    const { spreadRetry } = shared
    const nobody = { serving: () => [], model: '', needs: [], lost: undefined, nearestModels: () => [] }
    throw schedulerRefusal(error, { ...nobody, spreadRetry })
  }
}
