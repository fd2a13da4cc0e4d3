import { GatewayError } from '../proxy/errors/errors.ts'
import type { BodyReadingOptions } from './body.ts'

/**
 * Whether a body that is pulled makes progress, by the rule for buffered ones: at least `bodyMinBytes` in every window.
 * Time counts only while a pull waits: when the upstream is the slow one, the client is not to blame.
 */
export class BodyProgress {
  readonly #options: BodyReadingOptions
  readonly #tooSlow: (fault: GatewayError) => void
  /** What has been waited in this window, and what came in it. */
  #waitedMs = 0
  #bytes = 0
  #waitsSinceMs: number | undefined
  #cancelTimer: (() => void) | undefined

  constructor(options: BodyReadingOptions, tooSlow: (fault: GatewayError) => void) {
    this.#options = options
    this.#tooSlow = tooSlow
  }

  /** A pull waits from now on. */
  waits(): void {
    const { clock, limits } = this.#options
    this.#waitsSinceMs = clock.monotonicMs()
    const left = Math.max(0, limits.bodyWindowMs - this.#waitedMs)
    this.#cancelTimer = clock.schedule(left, () => this.#windowOver())
  }

  /** Bytes came; no pull waits any more. */
  got(bytes: number): void {
    this.stop()
    this.#bytes += bytes
    if (this.#waitedMs >= this.#options.limits.bodyWindowMs) this.#nextWindow()
  }

  /** Nobody waits any more. */
  stop(): void {
    if (this.#waitsSinceMs === undefined) return
    this.#waitedMs += this.#options.clock.monotonicMs() - this.#waitsSinceMs
    this.#waitsSinceMs = undefined
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #windowOver(): void {
    this.#waitedMs = this.#options.limits.bodyWindowMs
    this.#waitsSinceMs = undefined
    this.#cancelTimer = undefined
    if (this.#nextWindow()) this.waits()
  }

  /** False when the window that is over brought too little. */
  #nextWindow(): boolean {
    const { bodyMinBytes, bodyWindowMs } = this.#options.limits
    const enough = this.#bytes >= bodyMinBytes
    this.#waitedMs = 0
    this.#bytes = 0
    if (!enough) this.#tooSlow(new GatewayError('body_timeout', { values: { limit: bodyWindowMs } }))
    return enough
  }
}
