/** What every endpoint about an object with an id does: find it at this account, or answer 404; list; delete. */
import type { ApiError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import type { ObjectShelf } from '../object-shelf.ts'
import { cutPage, type PageDefaults } from '../page.ts'

/** One kind of object: where the account keeps it, and what the API says when it does not. */
export interface ObjectKind<T extends { readonly id: string }> {
  shelf(exchange: Exchange): ObjectShelf<T>
  notFound(id: string): ApiError
  /** The object as the API sends it. */
  view(object: T): { readonly id: string }
  /** `object` of the answer to a deletion. */
  readonly deleted: string
}

/** The object that the path names, or null: then a 404 has been answered. */
export function findObject<T extends { readonly id: string }>(
  exchange: Exchange,
  kind: ObjectKind<T>,
): T | null {
  const { id } = exchange.route
  const object = kind.shelf(exchange).get(id)
  if (object !== undefined) return object
  exchange.fail(kind.notFound(id))
  return null
}

/** `GET /{id}`. */
export function answerObject<T extends { readonly id: string }>(
  exchange: Exchange,
  kind: ObjectKind<T>,
): void {
  const object = findObject(exchange, kind)
  if (object !== null) answerJson(exchange, kind.view(object))
}

/** Keeps a new object, notes its id in the log and answers with it. */
export function answerNew<T extends { readonly id: string }>(
  exchange: Exchange,
  kind: ObjectKind<T>,
  made: { readonly object: T; readonly size: number },
): void {
  kind.shelf(exchange).put(made.object, made.size)
  exchange.record.responseId = made.object.id
  answerJson(exchange, kind.view(made.object))
}

/** `DELETE /{id}`. */
export function answerDeletion<T extends { readonly id: string }>(
  exchange: Exchange,
  kind: ObjectKind<T>,
): void {
  const object = findObject(exchange, kind)
  if (object === null) return
  kind.shelf(exchange).delete(object.id)
  answerJson(exchange, { id: object.id, object: kind.deleted, deleted: true })
}

/** `GET` of the collection; `oldestFirst` is already filtered. */
export function answerList(
  exchange: Exchange,
  oldestFirst: readonly { readonly id: string }[],
  defaults: PageDefaults,
): void {
  const page = cutPage(oldestFirst, exchange.query, defaults)
  if ('status' in page) exchange.fail(page)
  else answerJson(exchange, page)
}

/** A 200 with this body. */
export function answerJson(exchange: Exchange, body: object): void {
  exchange.json(200, JSON.stringify(body))
}

/** Seconds since the epoch, as the API dates things. */
export function epochSeconds(exchange: Exchange): number {
  return Math.floor(exchange.now() / 1000)
}
