import type { Columns } from '../columns/columns.ts'
import type { Ranked } from '../columns/ranked.ts'
import type { SelectionRandom } from '../random.ts'
import type { Draw, Picker } from './picker.ts'

/**
 * The reference's selection without a scheduler: candidates below 100 % load by priority, load rate and last use
 * (never used first), shuffled within exact ties. With none of them free it waits for the first by priority and
 * last use. When loads cannot be read, every load rate is 0 and the same order is by priority and last use.
 */
export const leastLoaded: Picker = {
  name: 'least-loaded',
  topK: Number.POSITIVE_INFINITY,
  createDraw: () => new LeastLoadedDraw(),
}

class LeastLoadedDraw implements Draw {
  #order: number[] = []
  #at = 0
  #fallback = -1

  begin(ranked: Ranked, columns: Columns, random: SelectionRandom): void {
    const { rows, n } = ranked
    const places = Array.from({ length: n }, (_, place) => place)
    const row = (place: number) => rows[place]!
    const byPriority = (a: number, b: number) => columns.priority[row(a)]! - columns.priority[row(b)]!
    const byLoad = (a: number, b: number) => columns.loadRate[row(a)]! - columns.loadRate[row(b)]!
    const byUse = (a: number, b: number) => columns.lastUsed[row(a)]! - columns.lastUsed[row(b)]!
    const byOrder = (a: number, b: number) => columns.order[row(a)]! - columns.order[row(b)]!

    this.#fallback = places.toSorted((a, b) => byPriority(a, b) || byUse(a, b) || byOrder(a, b))[0] ?? -1
    shuffle(places, random)
    // The sort is stable, so the shuffle survives within exact ties and nowhere else.
    this.#order = places
      .filter(place => columns.loadRate[row(place)]! < 100)
      .sort((a, b) => byPriority(a, b) || byLoad(a, b) || byUse(a, b))
    this.#at = 0
  }

  next(): number {
    return this.#order[this.#at++] ?? -1
  }

  waitFor(): number {
    return this.#fallback
  }
}

/** Fisher and Yates. */
function shuffle(places: number[], random: SelectionRandom): void {
  for (let i = places.length - 1; i > 0; i--) {
    const j = random.nextBelow(i + 1)
    const held = places[i]!
    places[i] = places[j]!
    places[j] = held
  }
}
