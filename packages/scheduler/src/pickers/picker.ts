import type { Columns } from '../columns/columns.ts'
import type { Ranked } from '../columns/ranked.ts'
import type { SelectionRandom } from '../random.ts'

/**
 * Decides in which order the best candidates are tried. Lazily: what is not needed is not drawn, which changes
 * no result, since every selection has its own seed.
 */
export interface Picker {
  readonly name: string
  /** How many of the best candidates it draws from, best first; Infinity for all of them, in no order. */
  readonly topK: number
  /** Makes the state of one selection at a time. */
  createDraw(): Draw
}

/** One selection's order in the making. */
export interface Draw {
  begin(ranked: Ranked, columns: Columns, random: SelectionRandom): void
  /** The place in `ranked` of the next candidate to try, -1 at the end. */
  next(): number
  /** The place of the candidate to wait for when none had a slot. */
  waitFor(): number
}
