/** What can be done with the id of a response, at the account that made it. */

import type { ConversationItem } from '../conversations.ts'
import { invalidValue, responseNotFound } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { cutPage } from '../page.ts'
import type { StoredResponse } from '../stored-responses.ts'
import { followResponse } from './follow-response.ts'
import { inputItemIds, responseObject } from './response-object.ts'

/** `GET /v1/responses/{id}`; with `stream=true` its events, those after `starting_after` when that is given. */
export function retrieveResponse(exchange: Exchange): void {
  const stored = find(exchange)
  if (stored === null) return
  const { query } = exchange
  if (query.get('stream') !== 'true') {
    answerWith(exchange, stored)
    return
  }
  const startingAfter = Number(query.get('starting_after') ?? -1)
  if (!Number.isInteger(startingAfter) || startingAfter < -1) {
    exchange.fail(invalidValue('starting_after', 'a sequence number.'))
    return
  }
  followResponse(exchange, stored, startingAfter)
}

/** `DELETE /v1/responses/{id}`. */
export function deleteResponse(exchange: Exchange): void {
  const { id } = exchange.route
  if (find(exchange) === null) return
  exchange.account.stored.delete(id)
  exchange.json(200, JSON.stringify({ id, object: 'response', deleted: true }))
}

/** `POST /v1/responses/{id}/cancel`: background responses only; one that has ended is answered as it is. */
export function cancelResponse(exchange: Exchange): void {
  const stored = find(exchange)
  if (stored === null) return
  if (stored.draft.body['background'] !== true) {
    exchange.fail({
      status: 400,
      message: 'Cannot cancel a synchronous response.',
      type: 'invalid_request_error',
      param: null,
      code: null,
    })
    return
  }
  stored.cancel?.()
  answerWith(exchange, stored)
}

/** `GET /v1/responses/{id}/input_items`: the latest turn's input, newest first as the API's default order has it. */
export function listInputItems(exchange: Exchange): void {
  const stored = find(exchange)
  if (stored === null) return
  const { input: given } = stored.draft.body
  const input = typeof given === 'string' ? [{ role: 'user', content: given }] : given
  const ids = inputItemIds(stored.draft)
  const items = (Array.isArray(input) ? input : []).map((item, index) => inputItem(item, ids[index]!))
  const page = cutPage(items, exchange.query, { order: 'desc', limit: ALL, maxLimit: ALL })
  if ('status' in page) exchange.fail(page)
  else exchange.json(200, JSON.stringify(page))
}

const ALL = 1_000_000

function inputItem(item: unknown, id: string): ConversationItem {
  const given =
    typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : { content: item }
  const { content } = given
  const parts = typeof content === 'string' ? [{ type: 'input_text', text: content }] : content
  return {
    id,
    type: 'message',
    status: 'completed',
    ...given,
    ...(parts === undefined ? {} : { content: parts }),
  }
}

function answerWith(exchange: Exchange, { draft, state }: StoredResponse): void {
  exchange.json(200, JSON.stringify(responseObject(draft, state)))
}

function find(exchange: Exchange): StoredResponse | null {
  const stored = exchange.account.stored.get(exchange.route.id)
  if (stored !== undefined) return stored
  exchange.fail(responseNotFound(exchange.route.id))
  return null
}
