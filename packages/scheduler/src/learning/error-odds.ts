import { leftAfter } from './fading.ts'
import { RowNumbers } from './row-numbers.ts'

/**
 * How likely an attempt at an account fails by the account's fault:
 *
 *   p = (failures + 0.01) / (attempts + 4)        both with a half-life of 30 s
 *   odds = p / (1 - p)                            the failed attempts to expect before one succeeds
 *
 * By time, not by count: an account that nobody asks any more loses its record, and comes back. The prior keeps one
 * failure after a quiet hour from looking like an outage.
 */
export interface ErrorOdds {
  observe(row: number, failed: boolean, nowMs: number): void
  /** Bounded by {@link MAX_ODDS}. */
  odds(row: number, nowMs: number): number
  forget(row: number): void
}

const HALF_LIFE_MS = 30_000
const PRIOR_FAILURES = 0.01
const PRIOR_ATTEMPTS = 4
export const MAX_ODDS = 19

export function createErrorOdds(): ErrorOdds {
  const failures = new RowNumbers()
  const attempts = new RowNumbers()
  const atMs = new RowNumbers()

  return {
    observe(row, failed, nowMs) {
      const kept = leftAfter(nowMs - atMs.at(row), HALF_LIFE_MS)
      atMs.set(row, nowMs)
      failures.set(row, failures.at(row) * kept + (failed ? 1 : 0))
      attempts.set(row, attempts.at(row) * kept + 1)
    },
    odds(row, nowMs) {
      const kept = leftAfter(nowMs - atMs.at(row), HALF_LIFE_MS)
      const p = (failures.at(row) * kept + PRIOR_FAILURES) / (attempts.at(row) * kept + PRIOR_ATTEMPTS)
      return Math.min(MAX_ODDS, p / (1 - p))
    },
    forget(row) {
      failures.set(row, 0)
      attempts.set(row, 0)
    },
  }
}
