import type { EventSourceMessage } from 'eventsource-parser'
import { idShape } from '../routing/route.ts'
import { readFailure } from './failure.ts'
import { EventTap, parseObject } from './stream-tap.ts'
import { readUsage } from './usage.ts'

/** Events that say a response exists, before the model has begun. */
const lifecycle = new Set(['response.created', 'response.queued', 'response.in_progress'])
const neutral = new Set(['keepalive', 'ping'])
const typePrefix = '{"type":"'

/**
 * Watches a Responses stream. Only the first lifecycle event, the terminal one and errors are parsed: a delta is
 * recognised by its `event:` line, or by `{"type":"` at the start of its data.
 */
export class ResponsesTap extends EventTap {
  /** Items that were told when they were opened, and are not done. */
  #opened = 0

  protected event(message: EventSourceMessage): void {
    const type = message.event ?? typeOf(message.data) ?? this.#parsedType(message.data)
    if (type.endsWith('.delta')) {
      this.began = true
      this.sawOutput = true
    } else if (lifecycle.has(type)) {
      if (this.responseId === undefined) this.#readResponse(parseObject(message.data)?.['response'])
    } else if (type === 'error') {
      this.#error(message.data)
    } else if (
      type === 'response.completed' ||
      type === 'response.incomplete' ||
      type === 'response.failed'
    ) {
      this.#ended(type.slice('response.'.length) as 'completed' | 'incomplete' | 'failed', message.data)
    } else if (!neutral.has(type)) {
      this.began = true
      // Servers without deltas send whole items; an item only opened holds nothing yet.
      if (type.endsWith('.done') || type.endsWith('.partial_image')) this.sawOutput = true
      if (this.told.readsItems) this.#told(type, message.data)
    }
  }

  /** Ids of items, encrypted content, containers and files: told by few events, of which long ones are looked into only when they may. */
  #told(type: string, data: string): void {
    if (type === 'response.output_item.added') {
      this.#opened++
      this.told.item(parseObject(data)?.['item'])
    } else if (type === 'response.output_item.done') {
      if (this.#opened-- > 0 && !mayTell(data)) return
      this.told.item(parseObject(data)?.['item'])
    } else if (type === 'response.output_text.annotation.added') {
      this.told.annotation(parseObject(data)?.['annotation'])
    }
  }

  /** Some servers put a bare error object, as in chat, into every kind of stream. */
  #parsedType(data: string): string {
    const { type, error } = parseObject(data) ?? {}
    if (typeof type === 'string') return type
    return typeof error === 'object' && error !== null ? 'error' : ''
  }

  #readResponse(response: unknown): void {
    if (typeof response !== 'object' || response === null) return
    const { id, conversation } = response as { id?: unknown; conversation?: unknown }
    this.told.conversation(conversation)
    if (typeof id !== 'string' || !idShape.test(id) || this.responseId !== undefined) return
    this.responseId = id
    this.told.answer(id)
  }

  /** Flat over SSE as documented; some servers nest it under `error`. */
  #error(data: string): void {
    const event = parseObject(data)
    if (event === undefined) return
    const nested = event['error']
    const flat = readFailure(event)
    this.failure ??=
      typeof nested === 'object' && nested !== null
        ? readFailure(nested)
        : { ...flat, type: flat.type === 'error' ? undefined : flat.type }
  }

  #ended(terminal: 'completed' | 'incomplete' | 'failed', data: string): void {
    const event = parseObject(data)
    // Half an event is no end: the stream was cut in it.
    if (event === undefined) return
    this.terminal ??= terminal
    const response = event['response']
    this.#readResponse(response)
    const whole =
      typeof response === 'object' && response !== null ? (response as Record<string, unknown>) : {}
    this.told.output(whole['output'])
    this.usage = readUsage(whole['usage']) ?? this.usage
    if (terminal === 'failed') {
      this.failure ??= readFailure(whole['error'])
    } else {
      this.began = true
    }
  }
}

/** What an item holds beyond the id that opened it. */
function mayTell(data: string): boolean {
  return data.includes('encrypted_content') || data.includes('container_id') || data.includes('"file_path"')
}

function typeOf(data: string): string | undefined {
  if (!data.startsWith(typePrefix)) return undefined
  const end = data.indexOf('"', typePrefix.length)
  return end === -1 ? undefined : data.slice(typePrefix.length, end)
}
