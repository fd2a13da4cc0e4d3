import type { Columns } from '../columns/columns.ts'
import type { Ranked } from '../columns/ranked.ts'
import type { SelectionRandom } from '../random.ts'
import type { Draw, Picker } from './picker.ts'

/** The reference's K. */
export const DEFAULT_TOP_K = 7

/**
 * A weighted draw without replacement from the top K: weight = score - lowest score + 1, as in the reference,
 * times the account's share (below 1 only during slow start, so that a recovering account is not flooded).
 * A weight that is not finite and positive counts as 1.
 */
export function weightedRandom(topK: number): Picker {
  return { name: 'weighted-random', topK, createDraw: () => new WeightedDraw() }
}

class WeightedDraw implements Draw {
  #places = new Int32Array(64)
  #weights = new Float64Array(64)
  #left = 0
  #first = -1
  #random: SelectionRandom | undefined

  begin(ranked: Ranked, columns: Columns, random: SelectionRandom): void {
    const { n, scores, rows } = ranked
    if (n > this.#places.length) {
      this.#places = new Int32Array(n * 2)
      this.#weights = new Float64Array(n * 2)
    }
    let min = n > 0 ? scores[0]! : 0
    for (let i = 1; i < n; i++) if (scores[i]! < min) min = scores[i]!
    for (let i = 0; i < n; i++) {
      const weight = scores[i]! - min + 1
      this.#places[i] = i
      this.#weights[i] =
        (weight > 0 && weight < Number.POSITIVE_INFINITY ? weight : 1) * columns.share[rows[i]!]!
    }
    this.#left = n
    this.#first = -1
    this.#random = random
  }

  next(): number {
    const left = this.#left
    if (left === 0) return -1
    const at = left === 1 && this.#first === -1 ? 0 : this.#drawn(left)
    const place = this.#places[at]!
    if (this.#first === -1) this.#first = place
    this.#left = left - 1
    for (let i = at; i < left - 1; i++) {
      this.#places[i] = this.#places[i + 1]!
      this.#weights[i] = this.#weights[i + 1]!
    }
    return place
  }

  waitFor(): number {
    return this.#first
  }

  #drawn(left: number): number {
    const weights = this.#weights
    let total = 0
    for (let i = 0; i < left; i++) total += weights[i]!
    const r = this.#random!.nextFloat64() * total
    let sum = 0
    for (let i = 0; i < left; i++) {
      sum += weights[i]!
      if (r <= sum) return i
    }
    return 0
  }
}
