/** What can be done with the id of a response, at the account that made it. */
import { responseNotFound } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import type { StoredResponse } from '../stored-responses.ts'
import { responseObject } from './response-object.ts'

/** `GET /v1/responses/{id}`. */
export function retrieveResponse(exchange: Exchange): void {
  const stored = find(exchange)
  if (stored !== null) answerWith(exchange, stored)
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
  const data = (Array.isArray(input) ? input : [])
    .map((item, index) => inputItem(item, `msg_${stored.draft.id.slice('resp_'.length)}_${index}`))
    .reverse()
  const ids = { first_id: data[0]?.['id'] ?? null, last_id: data.at(-1)?.['id'] ?? null }
  exchange.json(200, JSON.stringify({ object: 'list', data, ...ids, has_more: false }))
}

function inputItem(item: unknown, id: string): Record<string, unknown> {
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
