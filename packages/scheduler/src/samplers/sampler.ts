import type { Columns } from '../columns/columns.ts'
import type { SelectionRandom } from '../random.ts'

/**
 * Picks whom of a large pool to compare, so that a choice costs the same among fifty accounts and five thousand. Those
 * that a request's affinity points at are compared whatever it says.
 */
export interface Sampler {
  readonly name: string
  /** How many to draw where nothing else is said. */
  readonly d: number
  /** Pools of at most so many are compared whole. */
  readonly wholeBelow: number
  /**
   * Writes up to `want` rows of `members` that are open to new work into `out` from `have` on, each once, and answers
   * how many are there then. Those with room come first; that one is found among very many without is not promised.
   */
  sample(
    members: Int32Array,
    want: number,
    columns: Columns,
    random: SelectionRandom,
    out: Int32Array,
    have: number,
  ): number
}
