import { type Conversation, type ConversationItem, MAX_CONVERSATION_ITEMS } from '../conversations.ts'
import type { Exchange } from '../exchange.ts'
import { conversationFull, conversationItemNotFound, conversationLocked } from '../not-found-errors.ts'
import { NEWEST_FIRST, pageOf } from '../page.ts'
import { checkNewItems, conversationItems } from './conversation-items.ts'
import { conversationObject, findConversation } from './conversations.ts'
import type { JsonBody } from './generation.ts'
import { answerJson, answerList } from './owned-object.ts'

/** `POST /v1/conversations/{id}/items`. */
export function createConversationItems(exchange: Exchange, body: JsonBody): void {
  const conversation = findConversation(exchange)
  if (conversation === null) return
  const problem = checkNewItems(body['items'])
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  if (conversation.items.length >= MAX_CONVERSATION_ITEMS) {
    exchange.fail(conversationFull(MAX_CONVERSATION_ITEMS))
    return
  }
  if (conversation.locked) {
    exchange.fail(conversationLocked())
    return
  }
  const items = conversationItems(exchange, body['items'])
  exchange.account.objects.conversations.append(conversation, items, exchange.bodyBytes)
  answerJson(exchange, pageOf(items))
}

/** `GET /v1/conversations/{id}/items`, newest first unless asked otherwise. */
export function listConversationItems(exchange: Exchange): void {
  const conversation = findConversation(exchange)
  if (conversation !== null) answerList(exchange, conversation.items, NEWEST_FIRST)
}

/** `GET /v1/conversations/{id}/items/{item_id}`. */
export function retrieveConversationItem(exchange: Exchange): void {
  const found = findItem(exchange)
  if (found !== null) answerJson(exchange, found.item)
}

/** `DELETE /v1/conversations/{id}/items/{item_id}`; answers with the conversation, as the real one does. */
export function deleteConversationItem(exchange: Exchange): void {
  const found = findItem(exchange)
  if (found === null) return
  exchange.account.objects.conversations.deleteItem(found.conversation, found.item.id)
  answerJson(exchange, conversationObject(found.conversation))
}

function findItem(exchange: Exchange): { conversation: Conversation; item: ConversationItem } | null {
  const conversation = findConversation(exchange)
  if (conversation === null) return null
  const { itemId } = exchange.route
  const item = conversation.items.find(({ id }) => id === itemId)
  if (item !== undefined) return { conversation, item }
  exchange.fail(conversationItemNotFound(itemId, conversation.id))
  return null
}
