import type { Usage } from '@headgate/scheduler'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { Binds } from '../ownership/binds.ts'
import { ToldKeys } from '../ownership/told-keys.ts'
import { isEventData } from './event-data.ts'
import type { InBandFailure } from './failure.ts'

/** How a stream said it is over. */
export type Terminal = 'completed' | 'incomplete' | 'failed'

/**
 * Watches a copy of a stream's bytes while they pass. What it says depends only on the bytes, never on how they
 * were cut into chunks.
 */
export interface StreamTap {
  feed(chunk: Uint8Array): void
  /** The bytes are over: an event without its final blank line is read as if it had one. */
  end(): void
  /** At least one event came. */
  readonly sawEvent: boolean
  /** The model has begun: an event came that is neither a lifecycle event nor a failure. */
  readonly began: boolean
  /** The first event that carries output came; what time to first token is measured to. */
  readonly sawOutput: boolean
  readonly responseId: string | undefined
  /** The hard keys that whole events have told; to be taken and bound before those events are relayed. */
  readonly told: ToldKeys
  readonly usage: Usage | undefined
  readonly terminal: Terminal | undefined
  /** The first failure told in the stream. */
  readonly failure: InBandFailure | undefined
  /** An event came whose data no client can parse: nothing after it is read. */
  readonly badEvent: boolean
  /** An event grew beyond the limit: nothing after it is read. */
  readonly overflowed: boolean
  /** What the next event's `sequence_number` would be. */
  nextSequence(): number
}

/** The part that is the same in both dialects: bytes to events. */
export abstract class EventTap implements StreamTap {
  sawEvent = false
  began = false
  sawOutput = false
  responseId: string | undefined
  usage: Usage | undefined
  terminal: Terminal | undefined
  failure: InBandFailure | undefined
  badEvent = false
  overflowed = false
  readonly #parser
  #lastData = ''
  #over = false
  readonly told: ToldKeys

  constructor(options: { readonly maxEventBytes: number; readonly binds: Binds }) {
    this.told = new ToldKeys(options.binds)
    this.#parser = createParser({
      maxBufferSize: options.maxEventBytes,
      onEvent: message => {
        if (!this.badEvent) this.#read(message)
      },
      onError: error => {
        if (error.type === 'max-buffer-size-exceeded') this.overflowed = true
      },
    })
  }

  protected abstract event(message: EventSourceMessage): void

  /**
   * One character a byte: cheap, and no character can be cut between two chunks. Names, ids and numbers are ASCII;
   * other text is never looked at.
   */
  feed(chunk: Uint8Array): void {
    if (this.overflowed) return
    const bytes = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#parser.feed(bytes.toString('latin1'))
  }

  end(): void {
    this.#over = true
    if (!this.overflowed) this.#parser.feed('\n\n')
  }

  nextSequence(): number {
    const last = parseObject(this.#lastData)?.['sequence_number']
    return typeof last === 'number' && Number.isSafeInteger(last) && last >= 0 ? last + 1 : 0
  }

  #read(message: EventSourceMessage): void {
    if (!isEventData(message.data)) {
      // The last event of a stream that was cut is half an event, not a bad one.
      this.badEvent = !this.#over
      return
    }
    this.sawEvent = true
    this.#lastData = message.data
    this.event(message)
  }
}

/** The object that a text is; undefined when it is none. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
