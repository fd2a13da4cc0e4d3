/**
 * A bucket that holds `limit` units and refills evenly over a minute, as OpenAI describes its per-minute limits.
 * Pure arithmetic over the time it is given (milliseconds, never going back); no timer of its own.
 */
export class TokenBucket {
  readonly limit: number
  #level: number
  #updatedAt: number

  constructor(limit: number, nowMs: number) {
    this.limit = limit
    this.#level = limit
    this.#updatedAt = nowMs
  }

  /** Whole units left at `nowMs`. */
  remaining(nowMs: number): number {
    this.#refill(nowMs)
    return Math.floor(this.#level + 1e-9)
  }

  /** Milliseconds until `units` can be taken; 0 when they can now, Infinity when the bucket never holds so many. */
  waitFor(units: number, nowMs: number): number {
    this.#refill(nowMs)
    if (units > this.limit) return Number.POSITIVE_INFINITY
    const missing = units - this.#level
    return missing <= 1e-9 ? 0 : Math.ceil((missing * 60_000) / this.limit)
  }

  /** Takes `units`, which `waitFor` has said are there. */
  take(units: number, nowMs: number): void {
    this.#refill(nowMs)
    this.#level = Math.max(0, this.#level - units)
  }

  /** Milliseconds until the bucket is full again. */
  fullIn(nowMs: number): number {
    this.#refill(nowMs)
    return Math.ceil(((this.limit - this.#level) * 60_000) / this.limit)
  }

  #refill(nowMs: number): void {
    const elapsed = nowMs - this.#updatedAt
    if (elapsed <= 0) return
    this.#level = Math.min(this.limit, this.#level + (elapsed * this.limit) / 60_000)
    this.#updatedAt = nowMs
  }
}
