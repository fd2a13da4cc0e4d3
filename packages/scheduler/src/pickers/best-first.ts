import type { Columns } from '../columns/columns.ts'
import type { Ranked } from '../columns/ranked.ts'
import type { SelectionRandom } from '../random.ts'
import type { Draw, Picker } from './picker.ts'

/**
 * The best, then the next best: for rankers whose score is a cost and not a preference. Among those that cost hardly more
 * than the best, chance decides who comes first: an idle pool must not send everything to the first account of its
 * list, nor all gateways everything to the same one.
 */
export function bestFirst(topK: number): Picker {
  return { name: 'best-first', topK, createDraw: () => new BestFirstDraw() }
}

/** Less than what leaving a session's account costs (rankers/costs/cold.ts): of accounts that are alike chance moves none. */
const ALIKE_MS = 50

/** The place of the one that comes first of `n` in order of their scores, the best first. Draws nothing without a choice. */
export function drawFirst(scores: ArrayLike<number>, n: number, random: SelectionRandom): number {
  let alike = 0
  while (alike < n && scores[0]! - scores[alike]! <= ALIKE_MS) alike++
  return alike > 1 ? random.nextBelow(alike) : 0
}

class BestFirstDraw implements Draw {
  #n = 0
  #at = 0
  #first = 0

  begin({ n, scores }: Ranked, _columns: Columns, random: SelectionRandom): void {
    this.#n = n
    this.#at = 0
    this.#first = drawFirst(scores, n, random)
  }

  next(): number {
    const at = this.#at++
    if (at >= this.#n) return -1
    if (at === 0) return this.#first
    // The others in their order, around the one that came first.
    return at <= this.#first ? at - 1 : at
  }

  waitFor(): number {
    return this.#n > 0 ? this.#first : -1
  }
}
