import { type Conversation, MAX_CONVERSATION_ITEMS } from '../conversations.ts'
import type { ApiError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { conversationFull, conversationLocked, conversationNotFound } from '../not-found-errors.ts'
import type { PromptContext } from '../prompt-cache.ts'
import type { JsonBody } from './generation.ts'
import { conversationId } from './response-object.ts'

/** What stands before the input of a request: a chain, a conversation, or nothing. */
export interface PromptOrigin {
  readonly context: PromptContext | null
  readonly items: readonly unknown[]
  readonly conversation: Conversation | null
}

/** Looks up what a request continues, at this account; the error when there is no such thing, or it is in use. */
export function resolvePrompt(exchange: Exchange, body: JsonBody): PromptOrigin | ApiError {
  const { account, dialect } = exchange
  const previousId = (body['previous_response_id'] ?? null) as string | null
  if (previousId !== null) {
    const previous = account.stored.get(previousId)
    if (previous === undefined) return dialect.previousResponseNotFound(previousId)
    return { context: previous.context, items: [], conversation: null }
  }
  const id = conversationId(body)
  if (id == null) return { context: null, items: [], conversation: null }
  const conversation = account.objects.conversations.get(id as string)
  if (conversation === undefined) return conversationNotFound(id as string)
  if (conversation.locked) return conversationLocked()
  const full = conversation.items.length >= MAX_CONVERSATION_ITEMS
  if (full) return conversationFull(MAX_CONVERSATION_ITEMS)
  return { context: null, items: conversation.items, conversation }
}
