import { type ApiError, invalidValue } from './errors.ts'

/** What a list endpoint does when the query does not say. */
export interface PageDefaults {
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** The largest `limit` the endpoint takes. */
  readonly maxLimit: number
}

/** Newest first, twenty at a time: what most of the API's lists do. */
export const NEWEST_FIRST: PageDefaults = { order: 'desc', limit: 20, maxLimit: 100 }

/** One page of a list, as the API sends it. */
export interface Page<T> {
  readonly object: 'list'
  readonly data: readonly T[]
  readonly first_id: string | null
  readonly last_id: string | null
  readonly has_more: boolean
}

/** Cuts the page that `order`, `limit` and `after` ask for out of a list that has its oldest object first. */
export function cutPage<T extends { readonly id: string }>(
  oldestFirst: readonly T[],
  query: URLSearchParams,
  defaults: PageDefaults,
): Page<T> | ApiError {
  const order = query.get('order') ?? defaults.order
  if (order !== 'asc' && order !== 'desc') return invalidValue('order', "'asc' or 'desc'.")
  const limit = Number(query.get('limit') ?? defaults.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > defaults.maxLimit)
    return invalidValue('limit', `a whole number from 1 to ${defaults.maxLimit}.`)
  const ordered = order === 'asc' ? oldestFirst : oldestFirst.toReversed()
  const after = query.get('after')
  const start = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== null && start === 0)
    return invalidValue('after', `there is no object '${after}' in this list.`)
  return pageOf(ordered.slice(start, start + limit), { hasMore: ordered.length > start + limit })
}

/** A page of exactly these objects. */
export function pageOf<T extends { readonly id: string }>(
  data: readonly T[],
  { hasMore = false } = {},
): Page<T> {
  const ids = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
  return { object: 'list', data, ...ids, has_more: hasMore }
}
