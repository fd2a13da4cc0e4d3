/** Most hedges that requests of the past can have saved up: a slow minute after a quiet hour is no reason for a burst. */
const maxSaved = 10

/**
 * Keeps hedging from doubling the load when everything is slow: a token bucket that every request pays a share
 * into, and every hedge takes one from. It starts with one, so over any time hedges are at most `ratio` of the requests and
 * one more; in a burst at most {@link maxSaved}.
 */
export class HedgeBudget {
  #saved = 1

  /** Counts one request that may be hedged. */
  requested(ratio: number): void {
    this.#saved = Math.min(maxSaved, this.#saved + ratio)
  }

  tryTake(): boolean {
    if (this.#saved < 1) return false
    this.#saved--
    return true
  }

  /** Takes back a hedge that was not made. */
  giveBack(): void {
    this.#saved = Math.min(maxSaved, this.#saved + 1)
  }
}
