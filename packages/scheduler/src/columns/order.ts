import type { Columns } from './columns.ts'

/**
 * The one place for ties: the total order of candidates. True when row `a` stands before row `b`: the higher
 * score, then the smaller priority, load rate, waiting count and order. Orders are unique, so no two rows are
 * equal.
 */
export function standsBefore(
  columns: Columns,
  a: number,
  scoreA: number,
  b: number,
  scoreB: number,
): boolean {
  if (scoreA !== scoreB) return scoreA > scoreB
  if (columns.priority[a] !== columns.priority[b]) return columns.priority[a]! < columns.priority[b]!
  if (columns.loadRate[a] !== columns.loadRate[b]) return columns.loadRate[a]! < columns.loadRate[b]!
  if (columns.waiting[a] !== columns.waiting[b]) return columns.waiting[a]! < columns.waiting[b]!
  return columns.order[a]! < columns.order[b]!
}
