/**
 * Most hedges that requests of the past can have saved up: what the first seconds of a brown-out need, before it is seen
 * which accounts it befell. More would be a burst.
 */
const maxSaved = 30
/** What a hedge must promise while all of {@link maxSaved} is there, and how much more when nothing is. */
const priceFull = 0.4
const priceRise = 2

/**
 * Keeps hedging from doubling the load when everything is slow: a token bucket that every request pays a share
 * into, and every hedge takes one from. It starts with one, so over any time hedges are at most `ratio` of the requests and
 * one more; in a burst at most {@link maxSaved}.
 *
 * Scarce things are for whom they help most, so it has a price as well, which rises as it empties: see
 * {@link worthAfterMs}.
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

  /**
   * For how long a request must have been silent for a second attempt to be worth its price, of which so many milliseconds to the
   * first token are likely:
   *
   *   silent >= (0.4 + 2 x (1 - saved / 30)) x likely
   *
   * The tail of first tokens is heavy: who has waited for t waits about t longer. So a second attempt is a gain from
   * where it takes less than that; a long prompt that would have to be read again elsewhere is not hedged like a short one.
   */
  worthAfterMs(likelyMs: number): number {
    return (priceFull + priceRise * (1 - this.#saved / maxSaved)) * likelyMs
  }
}
