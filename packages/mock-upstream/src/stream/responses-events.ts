import {
  messageItem,
  type ResponseDraft,
  type ResponseState,
  reasoningItem,
  responseObject,
  textPart,
} from '../endpoints/response-object.ts'
import type { Exchange } from '../exchange.ts'
import { sseFrame } from './sse-frame.ts'
import type { StreamScript } from './stream-pump.ts'

/** What a stream is made of beside its draft. */
export interface ResponseProgress {
  readonly tokens: readonly string[]
  /** Events up to this sequence number are left out. Default -1: none. */
  readonly startingAfter?: number
  /**
   * Told of the end before its event leaves, so that a client may use the id at once; gives back how the response has
   * really ended.
   */
  settle(state: ResponseState): ResponseState
}

/**
 * The events of one Responses stream, in the recorded order of the real API: queued (background), created, in_progress,
 * for each item output_item.added ... output_item.done, and one terminal. The text comes as content_part.added,
 * output_text.delta..., output_text.done, content_part.done.
 */
export function responsesScript(
  exchange: Exchange,
  draft: ResponseDraft,
  { tokens, settle, startingAfter = -1 }: ResponseProgress,
): StreamScript {
  const { reply, messageId } = draft
  const emit = createEmitter(exchange, startingAfter)
  const reasoning = reasoningItem(draft)
  const output = `"output_index":${reasoning === null ? 0 : 1}`
  const part = `"item_id":${JSON.stringify(messageId)},${output},"content_index":0`
  const text = JSON.stringify(reply.text)
  return {
    tokenCount: tokens.length,
    opening: () => emitOpening(draft, emit),
    beforeTokens() {
      if (reasoning !== null) {
        const item = `"output_index":0,"item":${JSON.stringify(reasoning)}`
        emit('response.output_item.added', item)
        emit('response.output_item.done', item)
      }
      emit('response.output_item.added', `${output},"item":${JSON.stringify(emptyItem(messageId))}`)
      emit('response.content_part.added', `${part},"part":${JSON.stringify(textPart(''))}`)
    },
    token(index) {
      const delta = JSON.stringify(tokens[index])
      emit('response.output_text.delta', `${part},"delta":${delta},"logprobs":[]`)
    },
    closing() {
      emit('response.output_text.done', `${part},"text":${text},"logprobs":[]`)
      emit('response.content_part.done', `${part},"part":${JSON.stringify(textPart(reply.text))}`)
      emit('response.output_item.done', `${output},"item":${JSON.stringify(messageItem(draft))}`)
      emitEnd(draft, settle({ status: 'done', atMs: exchange.now() }), emit)
    },
  }
}

/** The events of a response that has ended without a reply: what announced it, and `response.failed` if it has failed. */
export function endedScript(
  exchange: Exchange,
  draft: ResponseDraft,
  ended: { readonly state: ResponseState; readonly startingAfter: number },
): StreamScript {
  const emit = createEmitter(exchange, ended.startingAfter)
  return {
    tokenCount: 0,
    opening: () => emitOpening(draft, emit),
    beforeTokens: () => {},
    token: () => {},
    closing() {
      if (ended.state.status === 'failed') emitEnd(draft, ended.state, emit)
    },
  }
}

/** Index of the first event with a delta. */
export function firstDelta({ body, encryptedContent }: ResponseDraft): number {
  return 4 + (body['background'] === true ? 1 : 0) + (encryptedContent === null ? 0 : 2)
}

type Emit = (type: string, fields: string) => void

function createEmitter({ wire }: Exchange, startingAfter: number): Emit {
  let sequence = 0
  return (type, fields) => {
    if (sequence > startingAfter)
      wire.event(sseFrame(`{"type":"${type}","sequence_number":${sequence},${fields}}`, type))
    sequence += 1
  }
}

function emitOpening(draft: ResponseDraft, emit: Emit): void {
  if (draft.body['background'] === true) {
    const queued = JSON.stringify(responseObject(draft, { status: 'queued' }))
    emit('response.queued', `"response":${queued}`)
  }
  const response = JSON.stringify(responseObject(draft, { status: 'in_progress' }))
  emit('response.created', `"response":${response}`)
  emit('response.in_progress', `"response":${response}`)
}

function emitEnd(draft: ResponseDraft, state: ResponseState, emit: Emit): void {
  const ended = responseObject(draft, state)
  emit(`response.${ended.status}`, `"response":${JSON.stringify(ended)}`)
}

function emptyItem(id: string): object {
  return { id, type: 'message', status: 'in_progress', content: [], role: 'assistant' }
}
