import {
  messageItem,
  type ResponseDraft,
  type ResponseState,
  responseObject,
  textPart,
} from '../endpoints/response-object.ts'
import type { Exchange } from '../exchange.ts'
import { sseFrame } from './sse-frame.ts'
import type { StreamScript } from './stream-pump.ts'

/** What a stream is made of beside its draft. */
export interface ResponseProgress {
  readonly tokens: readonly string[]
  /** Told of the end before its event leaves, so that a client may use the id at once. */
  settle(state: ResponseState): void
}

/**
 * The events of one Responses stream, in the recorded order of the real API: created, in_progress, output_item.added,
 * content_part.added, output_text.delta..., output_text.done, content_part.done, output_item.done, and one terminal.
 */
export function responsesScript(
  exchange: Exchange,
  draft: ResponseDraft,
  { tokens, settle }: ResponseProgress,
): StreamScript {
  const { reply, messageId } = draft
  const place = `"item_id":${JSON.stringify(messageId)},"output_index":0`
  const part = `${place},"content_index":0`
  const text = JSON.stringify(reply.text)
  let sequence = 0
  const emit = (type: string, fields: string) => {
    exchange.wire.event(sseFrame(`{"type":"${type}","sequence_number":${sequence},${fields}}`, type))
    sequence += 1
  }
  return {
    tokenCount: tokens.length,
    opening() {
      const response = JSON.stringify(responseObject(draft, { status: 'in_progress' }))
      emit('response.created', `"response":${response}`)
      emit('response.in_progress', `"response":${response}`)
    },
    beforeTokens() {
      emit('response.output_item.added', `"output_index":0,"item":${JSON.stringify(emptyItem(messageId))}`)
      emit('response.content_part.added', `${part},"part":${JSON.stringify(textPart(''))}`)
    },
    token(index) {
      const delta = JSON.stringify(tokens[index])
      emit('response.output_text.delta', `${part},"delta":${delta},"logprobs":[]`)
    },
    closing() {
      emit('response.output_text.done', `${part},"text":${text},"logprobs":[]`)
      emit('response.content_part.done', `${part},"part":${JSON.stringify(textPart(reply.text))}`)
      emit('response.output_item.done', `"output_index":0,"item":${JSON.stringify(messageItem(draft))}`)
      const state = { status: 'done', atMs: exchange.now() } as const
      settle(state)
      const done = responseObject(draft, state)
      emit(`response.${done.status}`, `"response":${JSON.stringify(done)}`)
    },
  }
}

function emptyItem(id: string): object {
  return { id, type: 'message', status: 'in_progress', content: [], role: 'assistant' }
}
