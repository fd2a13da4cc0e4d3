import type { IncomingMessage } from 'node:http'
import type { BodyStream } from '../wire/body-stream.ts'
import { type BodyReadingOptions, bodyTooLarge } from './body.ts'
import { BodyProgress } from './body-progress.ts'

type Next = IteratorResult<Uint8Array, undefined>

/** A pull that waits. */
interface Pull {
  resolve(next: Next): void
  reject(reason: unknown): void
}

const done: Next = { done: true, value: undefined }

/**
 * One request body as it arrives, pulled chunk by chunk: what nobody pulls stays on the wire, so that a slow upstream
 * slows its client down. Only the time that a pull waits counts against the client's progress.
 */
export class PulledBody implements BodyStream, AsyncIterator<Uint8Array, undefined> {
  readonly length: number | undefined
  readonly #request: IncomingMessage
  readonly #limitBytes: number
  readonly #progress: BodyProgress
  #bytes = 0
  #waiting: Pull | undefined
  #state: 'flowing' | 'ended' | 'failed' = 'flowing'
  #failure: unknown

  constructor(request: IncomingMessage, length: number | undefined, options: BodyReadingOptions) {
    this.#request = request
    this.length = length
    this.#limitBytes = options.limitBytes
    this.#progress = new BodyProgress(options, fault => this.fail(fault))
    request.on('readable', this.#onReadable)
    request.on('end', this.#onEnd)
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this
  }

  next(): Promise<Next> {
    const chunk = this.#read()
    if (chunk !== undefined) return Promise.resolve({ done: false, value: chunk })
    if (this.#state === 'failed') return Promise.reject(this.#failure)
    if (this.#state === 'ended') return Promise.resolve(done)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#progress.waits()
    })
  }

  return(): Promise<Next> {
    this.cancel()
    return Promise.resolve(done)
  }

  cancel(): void {
    if (this.#state !== 'flowing') return
    this.#stop('ended')
    this.#takeWaiting()?.resolve(done)
  }

  /** Ends it with a reason found elsewhere: a parse error, a client that left. Idempotent. */
  fail(reason: unknown): void {
    if (this.#state !== 'flowing') return
    this.#failure = reason
    this.#stop('failed')
    this.#takeWaiting()?.reject(reason)
  }

  readonly #onReadable = (): void => {
    if (this.#waiting === undefined) return
    const chunk = this.#read()
    if (chunk !== undefined) this.#takeWaiting()?.resolve({ done: false, value: chunk })
  }

  readonly #onEnd = (): void => {
    this.cancel()
  }

  /** What has arrived; undefined when nothing has, or when it is more than allowed. */
  #read(): Uint8Array | undefined {
    if (this.#state !== 'flowing') return undefined
    const chunk = this.#request.read() as Uint8Array | null
    if (chunk === null) return undefined
    this.#bytes += chunk.length
    this.#progress.got(chunk.length)
    if (this.#bytes <= this.#limitBytes) return chunk
    this.fail(bodyTooLarge(this.#limitBytes))
    return undefined
  }

  #takeWaiting(): Pull | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    return waiting
  }

  #stop(state: 'ended' | 'failed'): void {
    this.#state = state
    this.#progress.stop()
    this.#request.off('readable', this.#onReadable)
    this.#request.off('end', this.#onEnd)
  }
}
