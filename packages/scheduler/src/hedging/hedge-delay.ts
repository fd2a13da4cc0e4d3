const capacity = 256
const minSamples = 32
/** The order of samples changes slowly: sorted anew after so many. */
const samplesPerSort = 16
/** Below this a second request costs more than it can save. */
const floorMs = 50
const quantile = 0.975

/**
 * Learns how long a pool's streams take to their first token: the 97.5th percentile of the last 256, as multiples of what
 * was expected of each, where its lease says that (`Lease.expectedFirstTokenMs`), else in milliseconds. A hedge
 * started then is made for one request in forty, those that are slower than nearly all: no more than a budget of 3 % can
 * pay, so that it is not spent before the slowest come.
 *
 * An attempt that was abandoned for a faster one counts with the time it had taken, which is less than it would have; left
 * out, the slow ones would vanish from the figures because of hedging, and hedges come ever earlier.
 */
export class HedgeDelay {
  readonly #samples = new Float64Array(capacity)
  #count = 0
  #after: number | undefined
  /** Samples are multiples of what was expected, not milliseconds. A pool that changes its profile begins anew. */
  #areMultiples = false

  /** A time to first token, or the time until an attempt was abandoned without one. */
  sample(ms: number, expectedMs?: number): void {
    if (this.#areMultiples !== (expectedMs !== undefined)) {
      this.#areMultiples = expectedMs !== undefined
      this.#count = 0
      this.#after = undefined
    }
    this.#samples[this.#count % capacity] = ms / (expectedMs ?? 1)
    this.#count++
    if (this.#count < minSamples || this.#count % samplesPerSort !== 0) return
    const sorted = this.#samples.slice(0, Math.min(this.#count, capacity)).sort()
    this.#after = sorted[Math.ceil(quantile * sorted.length) - 1]!
  }

  /** When a request of which so much was expected is slower than nearly all; undefined until enough is known. */
  afterMs(expectedMs?: number): number | undefined {
    if (this.#after === undefined || this.#areMultiples !== (expectedMs !== undefined)) return undefined
    return Math.max(floorMs, this.#after * (expectedMs ?? 1))
  }
}
