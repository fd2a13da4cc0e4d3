import type { Conversation } from '../conversations.ts'
import type { Exchange } from '../exchange.ts'
import type { PromptContext } from '../prompt-cache.ts'
import type { StoredResponse } from '../stored-responses.ts'
import type { Pace } from '../stream/stream-pump.ts'
import { conversationItems } from './conversation-items.ts'
import { outputItems, type ResponseDraft, type ResponseState } from './response-object.ts'

/** A response under way, and what depends on its end. */
export interface ResponseRun {
  readonly draft: ResponseDraft
  readonly pace: Pace
  /** Null: it is not to be found by its id. */
  readonly stored: StoredResponse | null
  /** Ends the run: the first end counts. Returns the state in force. */
  settle(state: ResponseState): ResponseState
}

/** What a run begins with. */
export interface RunStart {
  readonly draft: ResponseDraft
  readonly pace: Pace
  readonly context: PromptContext
  readonly conversation: Conversation | null
}

/** Begins a run: stores the response unless told not to, and locks its conversation until the end. */
export function startRun(exchange: Exchange, start: RunStart): ResponseRun {
  const { draft, pace, conversation } = start
  const { account } = exchange
  let ended: ResponseState | null = null
  const settle = (state: ResponseState) => {
    if (ended !== null) return ended
    ended = state
    if (stored !== null) endStored(stored, state)
    release(exchange, start, state)
    return state
  }
  // Stored from the start: the real service may keep what an aborted request had begun.
  const stored = draft.body['store'] === false ? null : storable(exchange, start, settle)
  if (stored !== null) account.stored.put(stored)
  if (conversation !== null) conversation.locked = true
  return { draft, pace, stored, settle }
}

function release(exchange: Exchange, { draft, conversation }: RunStart, state: ResponseState): void {
  if (conversation === null) return
  conversation.locked = false
  if (state.status !== 'done') return
  const items = [...conversationItems(exchange, draft.body['input']), ...outputItems(draft)]
  const size = exchange.bodyBytes + draft.reply.text.length
  exchange.account.objects.conversations.append(conversation, items, size)
}

function storable(
  exchange: Exchange,
  { draft, pace, context }: RunStart,
  settle: (state: ResponseState) => ResponseState,
): StoredResponse {
  return {
    draft,
    state: { status: 'in_progress' },
    context,
    size: exchange.bodyBytes + draft.reply.text.length,
    live: {
      firstTokenAtMs: exchange.now() + pace.firstTokenMs,
      tokensPerSecond: pace.tokensPerSecond,
      followers: new Set(),
      settle,
    },
  }
}

function endStored(stored: StoredResponse, state: ResponseState): void {
  const { live } = stored
  stored.state = state
  stored.live = null
  if (state.status !== 'done') for (const endStream of live?.followers ?? []) endStream()
}
