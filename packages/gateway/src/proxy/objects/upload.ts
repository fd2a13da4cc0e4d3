import type { BodyStream } from '../../wire/body-stream.ts'
import { headerValue } from '../../wire/header-list.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { GatewayError, isGatewayError } from '../errors/errors.ts'
import type { RequestExchange } from '../request-exchange.ts'

/**
 * A client's upload on its way to an upstream, at the slower one's pace; nothing of it is kept. It is opened when the
 * upstream takes its first chunk: until then the request can still go to another account, and a client that waits to
 * be told to continue has sent nothing.
 */
export class Upload implements BodyStream {
  readonly length: number | undefined
  readonly #exchange: RequestExchange
  readonly #limitBytes: number
  #body: BodyStream | undefined
  #attempt: Attempt | undefined

  /** Throws `body_too_large` for an announced length above the limit. */
  constructor(exchange: RequestExchange, limitBytes: number) {
    const announced = headerValue(exchange.inbound.headers, 'content-length')
    this.#exchange = exchange
    this.#limitBytes = limitBytes
    this.length = announced === undefined ? undefined : Number(announced)
    if (this.length !== undefined && this.length > limitBytes) {
      throw new GatewayError('body_too_large', { values: { limit: limitBytes } })
    }
  }

  /** Some of it may have gone out: it cannot be sent again. */
  get begun(): boolean {
    return this.#body !== undefined
  }

  /** The exchange that ends when the upload cannot go on. */
  goesTo(attempt: Attempt): void {
    this.#attempt = attempt
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const { inbound, trace } = this.#exchange
    try {
      this.#body = inbound.openBody(this.#limitBytes)
      for await (const chunk of this.#body) {
        trace.bytesIn += chunk.length
        yield chunk
      }
    } catch (error) {
      // A client that left is told of elsewhere; a body that is wrong says nothing about the account.
      if (isGatewayError(error)) this.#attempt?.failHere(error)
      throw error
    }
  }

  cancel(): void {
    this.#body?.cancel()
  }
}
