import type { Columns } from '../columns/columns.ts'
import type { LearnedLimit } from './learned-limit.ts'

/**
 * 1 + 0.5 u^2: what load adds to a first token; u counts the request's own slot. From queueing at a batch server: mild at half,
 * half as much again when full.
 */
export function loadMultipleOf(u: number): number {
  return 1 + 0.5 * u * u
}

/**
 * The share of its slots that an account has in use, `more` counted on top; of its learned limit where it has none. At most
 * 1: an account over its limit, because that was lowered or is only learned, is full and no more.
 */
export function utilisation(columns: Columns, limits: LearnedLimit, row: number, more = 0): number {
  const limit = columns.limit[row]!
  const used = Math.max(0, columns.inUse[row]! + more)
  return Math.min(1, used / (limit > 0 ? limit : limits.limitOf(row)))
}
