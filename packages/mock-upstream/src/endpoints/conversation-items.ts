import type { ConversationItem } from '../conversations.ts'
import { type ApiError, invalidType, invalidValue } from '../errors.ts'
import type { Exchange } from '../exchange.ts'

/** The most items that the real API takes at once. */
const MAX_NEW_ITEMS = 20

const ID_PREFIXES: { readonly [type: string]: string } = {
  message: 'msg_',
  reasoning: 'rs_',
  function_call: 'fc_',
  function_call_output: 'fco_',
  compaction: 'cmp_',
}

/** The refusal that new items earn, or null. */
export function checkNewItems(items: unknown): ApiError | null {
  if (!Array.isArray(items)) return invalidType('items', 'an array of objects')
  if (items.length > MAX_NEW_ITEMS) return invalidValue('items', `at most ${MAX_NEW_ITEMS} at a time.`)
  return items.some(item => typeof item !== 'object' || item === null)
    ? invalidType('items', 'an array of objects')
    : null
}

/** Items as a conversation keeps them: with a type, a status and an id; text becomes parts. */
export function conversationItems(exchange: Exchange, input: unknown): ConversationItem[] {
  const given = typeof input === 'string' ? [{ role: 'user', content: input }] : input
  return Array.isArray(given) ? given.map(item => conversationItem(exchange, item)) : []
}

function conversationItem(exchange: Exchange, item: unknown): ConversationItem {
  const given = typeof item === 'object' && item !== null ? item : { role: 'user', content: item }
  const { type, role, content, id } = given as { [field: string]: unknown }
  const kind = typeof type === 'string' ? type : 'message'
  const known = typeof id === 'string' && kind !== 'message' ? id : null
  return {
    ...given,
    id: known ?? exchange.world.nextId(ID_PREFIXES[kind] ?? 'item_'),
    type: kind,
    status: 'completed',
    ...(typeof content === 'string' && { content: [textPart(role, content)] }),
  }
}

function textPart(role: unknown, text: string): object {
  return role === 'assistant'
    ? { type: 'output_text', text, annotations: [], logprobs: [] }
    : { type: 'input_text', text }
}
