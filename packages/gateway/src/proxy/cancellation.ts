import type { CancelSignal } from '@headgate/scheduler'
import type { GatewayError } from './errors/errors.ts'

/** The client left: nobody is there to be answered. */
export class ClientLeft extends Error {}

/**
 * Why a request may not go on although its answer is not complete: its client left, or it is to be told an error.
 * What waits on the request's behalf listens here. The first reason counts.
 */
export class Cancellation implements CancelSignal {
  #reason: ClientLeft | GatewayError | undefined
  /** Made when somebody waits: most requests never do. */
  #listeners: Set<() => void> | undefined

  get aborted(): boolean {
    return this.#reason !== undefined
  }

  get reason(): ClientLeft | GatewayError | undefined {
    return this.#reason
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener)
  }

  /** Idempotent; every listener is called once. */
  cancel(reason: ClientLeft | GatewayError): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    const listeners = this.#listeners
    this.#listeners = undefined
    if (listeners !== undefined) for (const listener of listeners) listener()
  }

  /** Throws the reason, if there is one. */
  check(): void {
    if (this.#reason !== undefined) throw this.#reason
  }
}
