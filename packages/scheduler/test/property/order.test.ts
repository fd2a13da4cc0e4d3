import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addRow, type Columns, createColumns } from '../../src/columns/columns.ts'
import { standsBefore } from '../../src/columns/order.ts'
import { createRanked, rankTopK } from '../../src/columns/ranked.ts'
import { holds } from './holds.ts'

// Few different values, so that every tie there is comes up.
const row = fc.record({
  score: fc.constantFrom(0, 0.1 + 0.2, 0.3, 3.2),
  priority: fc.integer({ min: -1, max: 1 }),
  loadRate: fc.constantFrom(0, 50, 133),
  waiting: fc.integer({ min: 0, max: 2 }),
})
const rows = (max: number) => fc.array(row, { minLength: 1, maxLength: max })

function columnsOf(given: readonly { priority: number; loadRate: number; waiting: number }[]): Columns {
  const columns = createColumns()
  for (const [order, { priority, loadRate, waiting }] of given.entries()) {
    const at = addRow(columns)
    columns.order[at] = given.length - order
    columns.priority[at] = priority
    columns.loadRate[at] = loadRate
    columns.waiting[at] = waiting
  }
  return columns
}

describe('the order of candidates', () => {
  it('is total: irreflexive, antisymmetric, transitive, and any two are in it', () => {
    return holds(
      fc.property(rows(6), given => {
        const columns = columnsOf(given)
        const before = (a: number, b: number) => standsBefore(columns, a, given[a]!.score, b, given[b]!.score)
        for (let a = 0; a < given.length; a++) {
          expect(before(a, a)).toBe(false)
          for (let b = 0; b < given.length; b++) {
            if (a !== b) expect(before(a, b)).toBe(!before(b, a))
            for (let c = 0; c < given.length; c++) {
              if (before(a, b) && before(b, c)) expect(before(a, c)).toBe(true)
            }
          }
        }
      }),
      300,
    )
  })

  it('is what the top K are in, whatever order they come in', () => {
    return holds(
      fc.property(
        rows(40),
        fc.integer({ min: 1, max: 12 }),
        fc.infiniteStream(fc.nat()),
        (given, topK, shuffle) => {
          const columns = columnsOf(given)
          const score = (at: number) => given[at]!.score
          const all = given.map((_, at) => at)
          const sorted = all.toSorted((a, b) => (standsBefore(columns, a, score(a), b, score(b)) ? -1 : 1))
          const keys = all.map(() => shuffle.next().value as number)
          const indices = Int32Array.from(all.toSorted((a, b) => keys[a]! - keys[b]!))
          const ranked = createRanked()
          rankTopK(columns, indices, Float64Array.from(indices, score), indices.length, topK, ranked)
          expect([...ranked.rows.subarray(0, ranked.n)]).toEqual(sorted.slice(0, topK))
          expect([...ranked.scores.subarray(0, ranked.n)]).toEqual(sorted.slice(0, topK).map(score))
        },
      ),
      300,
    )
  })
})
