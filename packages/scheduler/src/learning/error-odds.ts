import { grown, leftAfter } from './fading.ts'

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
  let failures = new Float64Array(16)
  let attempts = new Float64Array(16)
  let atMs = new Float64Array(16)

  function reach(row: number): void {
    if (row < atMs.length) return
    const n = Math.max(row + 1, atMs.length * 2)
    failures = grown(failures, n)
    attempts = grown(attempts, n)
    atMs = grown(atMs, n)
  }

  return {
    observe(row, failed, nowMs) {
      reach(row)
      const kept = leftAfter(nowMs - atMs[row]!, HALF_LIFE_MS)
      atMs[row] = nowMs
      failures[row] = failures[row]! * kept + (failed ? 1 : 0)
      attempts[row] = attempts[row]! * kept + 1
    },
    odds(row, nowMs) {
      if (row >= atMs.length) return PRIOR_FAILURES / PRIOR_ATTEMPTS
      const kept = leftAfter(nowMs - atMs[row]!, HALF_LIFE_MS)
      const p = (failures[row]! * kept + PRIOR_FAILURES) / (attempts[row]! * kept + PRIOR_ATTEMPTS)
      return Math.min(MAX_ODDS, p / (1 - p))
    },
    forget(row) {
      if (row >= atMs.length) return
      failures[row] = 0
      attempts[row] = 0
    },
  }
}
