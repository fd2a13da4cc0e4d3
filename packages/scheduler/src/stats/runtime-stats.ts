import { type Columns, touch } from '../columns/columns.ts'
import { ewma } from './ewma.ts'

/**
 * Moves an account's error rate and, with a first-token time above 0, its time to first token.
 *
 * By count, not by time, as in the reference: error starts at 0, the first TTFT sample is taken as it is.
 */
export function recordResult(
  columns: Columns,
  index: number,
  success: boolean,
  firstTokenMs: number | null,
): void {
  columns.errorRate[index] = ewma(columns.errorRate[index]!, success ? 0 : 1)
  // An infinite one would make scores that cannot be compared.
  if (firstTokenMs !== null && firstTokenMs > 0 && firstTokenMs < Number.POSITIVE_INFINITY) {
    const average = columns.ttftMs[index]!
    columns.ttftMs[index] = Number.isNaN(average) ? firstTokenMs : ewma(average, firstTokenMs)
  }
  touch(columns, index)
}

/** Forgets what was measured: a recovered account starts clean, or it would never be chosen again. */
export function resetResults(columns: Columns, index: number): void {
  columns.errorRate[index] = 0
  columns.ttftMs[index] = Number.NaN
  touch(columns, index)
}
