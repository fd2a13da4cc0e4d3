import { GatewayError } from '../errors/errors.ts'
import { RequestBody } from '../request/request-body.ts'
import { checkContentHeaders } from '../request/request-check.ts'
import { type RequestScan, scanRequest } from '../request/scan.ts'
import type { RequestExchange } from '../request-exchange.ts'

/** How a body is to be read: not at all, as JSON, or as JSON when there is any. */
export type BodyKind = 'none' | 'optional' | 'json'

/** The body of a request that no model works for: small, and empty more often than not. */
export class ObjectBody {
  /** As it goes upstream; null when there is none. */
  readonly bytes: Uint8Array | null
  readonly scan: RequestScan | undefined
  readonly #body: RequestBody | undefined

  private constructor(scan: RequestScan | undefined, body: RequestBody | undefined) {
    this.bytes = scan?.bytes ?? null
    this.scan = scan
    this.#body = body
  }

  /** Reads it within `limits.body`. Throws what reading, its headers and its JSON give reason for. */
  static async read(exchange: RequestExchange, kind: BodyKind): Promise<ObjectBody> {
    const { inbound, shared, deps, trace } = exchange
    if (kind === 'none') return new ObjectBody(undefined, undefined)
    const { bytes, body } = await RequestBody.read(inbound, shared.memory, deps.limits.bodyBytes)
    try {
      trace.bytesIn = bytes.length
      if (bytes.length === 0) {
        if (kind === 'json') throw new GatewayError('empty_body')
        body.release()
        return new ObjectBody(undefined, undefined)
      }
      checkContentHeaders(inbound.headers)
      return new ObjectBody(scanRequest(bytes), body)
    } catch (error) {
      body.release()
      throw error
    }
  }

  /** Gives its memory back. Idempotent. */
  release(): void {
    this.#body?.release()
  }
}
