const capacity = 256
const minSamples = 32
/** The order of samples changes slowly: sorted anew after so many. */
const samplesPerSort = 16
/** Below this a second request costs more than it can save. */
const floorMs = 50
/** Of times in milliseconds, long prompts among them, only the slowest of forty can be called late. */
const lateQuantile = 0.975
/** Of multiples of what was expected. */
const lateSigmas = 1.5

/**
 * Learns when a pool's streams are late with their first token, from the last 256 of them.
 *
 * Where leases say what was expected (`Lease.expectedFirstTokenMs`), of each as a multiple of that:
 *
 *   late = median x e^(1.5 sigma)        sigma = ln(84th percentile / median)
 *
 * The body of the distribution tells, so that a brown-out, which fattens the tail, does not make late what is only slower
 * still. One request in fifteen is late; which of those are hedged is the budget's to say ({@link HedgeBudget.worthAfterMs}).
 *
 * Otherwise it is the 97.5th percentile in milliseconds: one request in forty, no more than a budget of 3 % can pay.
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
    this.#samples[this.#count % capacity] = Math.max(1, ms) / Math.max(1, expectedMs ?? 1)
    this.#count++
    if (this.#count < minSamples || this.#count % samplesPerSort !== 0) return
    const sorted = this.#samples.slice(0, Math.min(this.#count, capacity)).sort()
    this.#after = this.#areMultiples ? lateMultiple(sorted) : at(sorted, lateQuantile)
  }

  /** When a request of which so much was expected is late; undefined until enough is known. */
  afterMs(expectedMs?: number): number | undefined {
    if (this.#after === undefined || this.#areMultiples !== (expectedMs !== undefined)) return undefined
    return Math.max(floorMs, this.#after * (expectedMs ?? 1))
  }
}

function lateMultiple(sorted: Float64Array): number {
  const median = at(sorted, 0.5)
  return median * (at(sorted, 0.84) / median) ** lateSigmas
}

function at(sorted: Float64Array, quantile: number): number {
  return sorted[Math.ceil(quantile * sorted.length) - 1]!
}
