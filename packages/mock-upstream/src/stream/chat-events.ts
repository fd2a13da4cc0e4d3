import type { Exchange } from '../exchange.ts'
import type { Reply } from '../reply-text.ts'
import { PROMPT_FILTER } from './content-filter.ts'
import { CHAT_DONE, sseFrame } from './sse-frame.ts'
import type { StreamScript } from './stream-pump.ts'

/** A chat completion, as its chunks need it. */
export interface ChatStream {
  readonly id: string
  readonly created: number
  readonly model: string
  readonly reply: Reply
  /** The usage object, when the client asked for the extra chunk. */
  readonly usage: object | null
  /** Told of the end before its events leave. */
  onEnd(): void
}

/**
 * On Azure the verdict about the prompt first; then role chunk, content chunks, finish_reason, the usage chunk when
 * asked for, `[DONE]`.
 */
export function chatScript(exchange: Exchange, chat: ChatStream): StreamScript {
  const { reply, usage } = chat
  const start = chunkStart(chat)
  const end = usage === null ? '}' : ',"usage":null}'
  const emit = (choice: string) => exchange.wire.event(sseFrame(`${start}[${choice}]${end}`))
  const choice = (delta: string, reason: string) =>
    `{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}`
  return {
    tokenCount: reply.tokens.length,
    opening() {
      const filter = JSON.stringify(PROMPT_FILTER).slice(1)
      if (exchange.dialect.contentFilter) exchange.wire.event(sseFrame(`${start}[],${filter}`))
      emit(choice('{"role":"assistant","content":"","refusal":null}', 'null'))
    },
    beforeTokens: () => {},
    token: index => emit(choice(`{"content":${JSON.stringify(reply.tokens[index])}}`, 'null')),
    closing() {
      chat.onEnd()
      emit(choice('{}', reply.truncated ? '"length"' : '"stop"'))
      if (usage !== null) exchange.wire.event(sseFrame(`${start}[],"usage":${JSON.stringify(usage)}}`))
      exchange.wire.event(CHAT_DONE)
    },
  }
}

function chunkStart({ id, created, model }: ChatStream): string {
  const head = { id, object: 'chat.completion.chunk', created, model, service_tier: 'default' }
  return `${JSON.stringify(head).slice(0, -1)},"system_fingerprint":"fp_mock","choices":`
}
