import type { Columns } from '../columns/columns.ts'
import type { SelectionRandom } from '../random.ts'

/**
 * Picks whom of a large pool to compare, so that a choice costs the same among fifty accounts and five thousand. Those
 * that a request's affinity points at are compared whatever it says.
 */
export interface Sampler {
  readonly name: string
  /** Pools of at most so many are compared whole. */
  readonly wholeBelow: number
  /**
   * Writes rows of `members` that have all bits of `open` into `out`, each once, and answers how many. Rows in `out`
   * below `have` are there already.
   */
  sample(
    members: Int32Array,
    columns: Columns,
    open: number,
    random: SelectionRandom,
    out: Int32Array,
    have: number,
  ): number
}
