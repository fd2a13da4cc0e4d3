const capacity = 256
const minSamples = 32
/** The order of samples changes slowly: sorted anew after so many. */
const samplesPerSort = 16
/** Below this a second request costs more than it can save. */
const floorMs = 50
const quantile = 0.95

/**
 * Learns how long a pool's streams take to their first token: the 95th percentile of the last 256. A hedge started then is
 * made for one request in twenty at most, those that are slower than nearly all.
 *
 * An attempt that was abandoned for a faster one counts with the time it had taken, which is less than it would have; left
 * out, the slow ones would vanish from the figures because of hedging, and hedges come ever earlier.
 */
export class HedgeDelay {
  readonly #samples = new Float64Array(capacity)
  #count = 0
  #afterMs: number | undefined

  /** A time to first token, or the time until an attempt was abandoned without one. */
  sample(ms: number): void {
    this.#samples[this.#count % capacity] = ms
    this.#count++
    if (this.#count < minSamples || this.#count % samplesPerSort !== 0) return
    const sorted = this.#samples.slice(0, Math.min(this.#count, capacity)).sort()
    this.#afterMs = Math.max(floorMs, sorted[Math.ceil(quantile * sorted.length) - 1]!)
  }

  /** Undefined until enough is known. */
  get afterMs(): number | undefined {
    return this.#afterMs
  }
}
