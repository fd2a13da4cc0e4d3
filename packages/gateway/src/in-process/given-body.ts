import { GatewayError } from '../proxy/errors/errors.ts'
import type { BodyStream } from '../wire/body-stream.ts'

/** What a body that is read as a stream needs of its call. */
export interface GivenBodyOptions {
  readonly limitBytes: number
  readonly length: number | undefined
  readonly signal: AbortSignal
  /** Why nobody will take the rest; its end is then none. */
  readonly fault: () => GatewayError | undefined
  /** The caller's own stream failed. */
  readonly onFailure: (error: unknown) => void
}

/** The stream that a caller gave as the body of its call, pulled as the pipeline asks for it. */
export class GivenBody implements BodyStream {
  readonly length: number | undefined
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #options: GivenBodyOptions

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, options: GivenBodyOptions) {
    this.#reader = reader
    this.#options = options
    this.length = options.length
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const { limitBytes, signal, fault, onFailure } = this.#options
    let bytes = 0
    try {
      for (;;) {
        const { done, value } = await this.#reader.read()
        signal.throwIfAborted()
        const reason = fault()
        if (reason !== undefined) throw reason
        if (done) return
        bytes += value.byteLength
        if (bytes > limitBytes) throw tooLarge(limitBytes)
        yield value
      }
    } catch (error) {
      if (!(error instanceof GatewayError)) onFailure(error)
      throw error
    }
  }

  cancel(): void {
    this.#reader.cancel().catch(() => {})
  }
}

/** Bytes that are there already, or none, in the form of a stream. */
export function wholeBody(bytes: Uint8Array | null): BodyStream {
  return {
    length: bytes?.length ?? 0,
    async *[Symbol.asyncIterator]() {
      if (bytes !== null) yield bytes
    },
    cancel() {},
  }
}

/** Names the limit, so that the caller knows what would have passed. */
export function tooLarge(limitBytes: number): GatewayError {
  return new GatewayError('body_too_large', { values: { limit: limitBytes } })
}
