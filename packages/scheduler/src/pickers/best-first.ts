import type { Draw, Picker } from './picker.ts'

/**
 * The best, then the next best: for rankers whose score is a cost and not a preference. Nothing is drawn; what keeps
 * many requests from one account at once is that each of them counts as load the moment it has its slot.
 */
export function bestFirst(topK: number): Picker {
  return { name: 'best-first', topK, createDraw: () => new BestFirstDraw() }
}

class BestFirstDraw implements Draw {
  #n = 0
  #at = 0

  begin(ranked: { readonly n: number }): void {
    this.#n = ranked.n
    this.#at = 0
  }

  next(): number {
    return this.#at < this.#n ? this.#at++ : -1
  }

  waitFor(): number {
    return this.#n > 0 ? 0 : -1
  }
}
