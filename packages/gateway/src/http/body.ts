import type { IncomingMessage } from 'node:http'
import type { Clock } from '@headgate/scheduler'
import { GatewayError } from '../proxy/errors/errors.ts'
import type { HttpLimits } from './limits.ts'

/** Where a finished reading goes. Exactly one of the two is called, once. */
export interface BodySink {
  resolve(body: Uint8Array): void
  reject(reason: unknown): void
}

export interface BodyReadingOptions {
  readonly limitBytes: number
  readonly limits: HttpLimits
  readonly clock: Clock
  /** Hears how many bytes came, before they are kept; what it throws ends the reading. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/**
 * Collects one request body: at most `limitBytes`, and only while it makes progress.
 *
 * Progress is judged once per window instead of by a timer per chunk: a window that brings fewer than
 * `bodyMinBytes` ends the reading, so a client that drips a byte now and then is dropped like a silent one,
 * after one to two windows. After a failure nothing more is kept; the caller decides about the connection.
 */
export class BodyReading {
  readonly #request: IncomingMessage
  readonly #options: BodyReadingOptions
  readonly #sink: BodySink
  #chunks: Uint8Array[] = []
  #bytes = 0
  #bytesAtWindowStart = 0
  #cancelWindow: () => void
  #over = false

  constructor(request: IncomingMessage, options: BodyReadingOptions, sink: BodySink) {
    this.#request = request
    this.#options = options
    this.#sink = sink
    this.#cancelWindow = this.#openWindow()
    request.on('data', this.#onData)
    request.on('end', this.#onEnd)
  }

  /** Ends the reading with a reason found elsewhere: a parse error, a client that left. Idempotent. */
  fail(reason: unknown): void {
    if (this.#over) return
    this.#finish()
    // Dropped at once: a rejected reading must not keep megabytes until its owner is collected.
    this.#chunks = []
    this.#sink.reject(reason)
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#bytes += chunk.length
    const { limitBytes, onBytes } = this.#options
    try {
      if (this.#bytes > limitBytes) throw bodyTooLarge(limitBytes)
      onBytes?.(chunk.length)
      this.#chunks.push(chunk)
    } catch (error) {
      this.fail(error)
    }
  }

  readonly #onEnd = (): void => {
    this.#finish()
    const chunks = this.#chunks
    this.#sink.resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, this.#bytes))
  }

  #openWindow(): () => void {
    const { clock, limits } = this.#options
    return clock.schedule(limits.bodyWindowMs, () => {
      if (this.#bytes - this.#bytesAtWindowStart < limits.bodyMinBytes) {
        this.fail(new GatewayError('body_timeout', { values: { limit: limits.bodyWindowMs } }))
        return
      }
      this.#bytesAtWindowStart = this.#bytes
      this.#cancelWindow = this.#openWindow()
    })
  }

  #finish(): void {
    this.#over = true
    this.#cancelWindow()
    this.#request.off('data', this.#onData)
    this.#request.off('end', this.#onEnd)
  }
}

/** Names the limit, so that the client knows what would have passed. */
export function bodyTooLarge(limitBytes: number): GatewayError {
  return new GatewayError('body_too_large', { values: { limit: limitBytes } })
}
