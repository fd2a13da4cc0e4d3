import { headerValue } from '../../wire/header-list.ts'
import type { ByteShare } from '../byte-budget.ts'
import { GatewayError } from '../errors/errors.ts'
import type { Inbound } from '../exchange.ts'

/**
 * A request's body while it may still be needed, counted against its tenant's memory. One whose length is announced
 * has its place before the first byte is read, so that what is begun can be finished; any other takes what comes, or
 * a few slow senders would hold what they never send.
 */
export class RequestBody {
  readonly #memory: ByteShare
  #taken = 0

  private constructor(memory: ByteShare) {
    this.#memory = memory
  }

  /** Reads the whole body. Throws `body_too_large`, `tenant_memory`, `gateway_overloaded`, or what reading it throws. */
  static async read(
    inbound: Inbound,
    memory: ByteShare,
    limitBytes: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly body: RequestBody }> {
    const announced = headerValue(inbound.headers, 'content-length')
    const body = new RequestBody(memory)
    try {
      const bytes = await (announced === undefined
        ? inbound.readBody(limitBytes, count => body.#take(count))
        : body.#readAnnounced(inbound, limitBytes, Number(announced)))
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

  #readAnnounced(inbound: Inbound, limitBytes: number, expected: number): Promise<Uint8Array> {
    if (expected > limitBytes) throw new GatewayError('body_too_large', { values: { limit: limitBytes } })
    this.#take(expected)
    return inbound.readBody(limitBytes)
  }

  #take(bytes: number): void {
    const refusal = this.#memory.take(bytes)
    if (refusal !== undefined) throw refusal
    this.#taken += bytes
  }
}
