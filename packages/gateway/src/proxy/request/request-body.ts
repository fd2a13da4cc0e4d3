import { headerValue } from '../../wire/header-list.ts'
import type { ByteBudget } from '../byte-budget.ts'
import { GatewayError } from '../errors/errors.ts'
import type { Inbound } from '../exchange.ts'

/**
 * A request's body while it may still be needed, counted against the memory of all. Its place is reserved before
 * the first byte is read: by its announced length, or by the limit when it announces none.
 */
export class RequestBody {
  readonly #memory: ByteBudget
  #taken: number

  private constructor(memory: ByteBudget, taken: number) {
    this.#memory = memory
    this.#taken = taken
  }

  /** Reads the whole body. Throws `body_too_large`, `gateway_overloaded`, or what reading it throws. */
  static async read(
    inbound: Inbound,
    memory: ByteBudget,
    limitBytes: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly body: RequestBody }> {
    const announced = headerValue(inbound.headers, 'content-length')
    const expected = announced === undefined ? limitBytes : Number(announced)
    if (expected > limitBytes) throw new GatewayError('body_too_large', { values: { limit: limitBytes } })
    if (!memory.tryTake(expected)) throw new GatewayError('gateway_overloaded', { retryAfterMs: 1000 })
    const body = new RequestBody(memory, expected)
    try {
      const bytes = await inbound.readBody(limitBytes)
      body.#resize(bytes.length)
      return { bytes, body }
    } catch (error) {
      body.release()
      throw error
    }
  }

  /** Gives its memory back. Idempotent. */
  release(): void {
    this.#memory.give(this.#taken)
    this.#taken = 0
  }

  #resize(length: number): void {
    this.#memory.give(this.#taken - length)
    this.#taken = length
  }
}
