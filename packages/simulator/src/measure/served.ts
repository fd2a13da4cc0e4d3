import type { RequestColumns } from './records.ts'

/** A request served with a slowdown of at most this is served as it should be. */
export const SLO_SLOWDOWN = 3

/** How some requests ended, as shares of them all; null of none. */
export interface EndShares {
  readonly sloPercent: number | null
  /** Not served: refused or failed. */
  readonly failPercent: number | null
  /** Turned away, or given up in the queue, before any account was asked. */
  readonly refusedPercent: number | null
  /** Asked of an account at least once, and served by none. */
  readonly failedPercent: number | null
}

/** Counts how the requests of some rows ended. */
export function endShares(requests: RequestColumns, rows: readonly number[]): EndShares {
  const { served, attempts, ttftMs, idealMs } = requests
  const percent = (counts: (row: number) => boolean) =>
    rows.length === 0 ? null : (rows.filter(counts).length / rows.length) * 100
  return {
    sloPercent: percent(row => served[row]! && ttftMs[row]! / idealMs[row]! <= SLO_SLOWDOWN),
    failPercent: percent(row => !served[row]!),
    refusedPercent: percent(row => !served[row]! && attempts[row] === 0),
    failedPercent: percent(row => !served[row]! && attempts[row]! > 0),
  }
}
