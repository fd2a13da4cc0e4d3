import type { Conversation } from '../conversations.ts'
import { type ApiError, invalidType } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { conversationNotFound } from '../not-found-errors.ts'
import { checkNewItems, conversationItems } from './conversation-items.ts'
import type { JsonBody } from './generation.ts'
import { answerJson, epochSeconds } from './owned-object.ts'

/** `POST /v1/conversations`; the body may be absent. */
export function createConversation(exchange: Exchange, body: JsonBody): void {
  const items = body['items'] ?? []
  const problem = checkNewItems(items) ?? checkMetadata(body['metadata'])
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  const conversation: Conversation = {
    id: exchange.world.nextId('conv_'),
    createdAt: epochSeconds(exchange),
    metadata: body['metadata'] ?? {},
    items: conversationItems(exchange, items as unknown[]),
    locked: false,
    size: exchange.bodyBytes + 500,
  }
  exchange.account.objects.conversations.add(conversation)
  exchange.record.responseId = conversation.id
  answerJson(exchange, conversationObject(conversation))
}

/** `GET /v1/conversations/{id}`. */
export function retrieveConversation(exchange: Exchange): void {
  const conversation = findConversation(exchange)
  if (conversation !== null) answerJson(exchange, conversationObject(conversation))
}

/** `POST /v1/conversations/{id}`: replaces the metadata. */
export function updateConversation(exchange: Exchange, body: JsonBody): void {
  const conversation = findConversation(exchange)
  if (conversation === null) return
  const problem = checkMetadata(body['metadata'])
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  conversation.metadata = body['metadata'] ?? {}
  answerJson(exchange, conversationObject(conversation))
}

/** `DELETE /v1/conversations/{id}`. */
export function deleteConversation(exchange: Exchange): void {
  const conversation = findConversation(exchange)
  if (conversation === null) return
  const { id } = conversation
  exchange.account.objects.conversations.delete(id)
  answerJson(exchange, { id, object: 'conversation.deleted', deleted: true })
}

/** The conversation that the path names, or null: then a 404 has been answered. */
export function findConversation(exchange: Exchange): Conversation | null {
  const conversation = exchange.account.objects.conversations.get(exchange.route.id)
  if (conversation !== undefined) return conversation
  exchange.fail(conversationNotFound(exchange.route.id))
  return null
}

/** The conversation as the API sends it. */
export function conversationObject({ id, createdAt, metadata }: Conversation) {
  return { id, object: 'conversation', created_at: createdAt, metadata }
}

function checkMetadata(metadata: unknown): ApiError | null {
  const fits = metadata == null || (typeof metadata === 'object' && !Array.isArray(metadata))
  return fits ? null : invalidType('metadata', 'an object')
}
