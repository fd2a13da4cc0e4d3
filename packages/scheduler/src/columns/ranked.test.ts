import { describe, expect, it } from 'vitest'
import { addRow, createColumns } from './columns.ts'
import { standsBefore } from './order.ts'
import { createRanked, rankTopK, resetRanked } from './ranked.ts'

// That the order is total, and the top K a prefix of it, is in test/property/order.test.ts.
describe('standsBefore', () => {
  it('looks at score, priority, load rate, waiting and order, in this order', () => {
    const columns = createColumns()
    for (let row = 0; row < 2; row++) addRow(columns)
    columns.order.set([1, 0])
    const first = (scoreA = 1, scoreB = 1) => (standsBefore(columns, 0, scoreA, 1, scoreB) ? 0 : 1)
    expect(first()).toBe(1)
    columns.waiting.set([0, 1])
    expect(first()).toBe(0)
    columns.loadRate.set([1, 0])
    expect(first()).toBe(1)
    columns.priority.set([0, 1])
    expect(first()).toBe(0)
    expect(first(1, 1.5)).toBe(1)
  })
})

describe('rankTopK', () => {
  it('keeps no more than there are, and grows when asked for more than it has room for', () => {
    const columns = createColumns()
    const rows = Int32Array.from({ length: 300 }, () => addRow(columns))
    for (const row of rows) columns.order[row] = row
    const ranked = createRanked(2)
    const scores = Float64Array.from(rows, row => row % 10)
    rankTopK(columns, rows, scores, 300, 1_000, ranked)
    expect(ranked.n).toBe(300)
    expect([...ranked.rows.subarray(0, 3)]).toEqual([9, 19, 29])
    rankTopK(columns, rows, scores, 300, Number.POSITIVE_INFINITY, ranked)
    expect([...ranked.rows.subarray(0, 300)]).toEqual([...rows])
    rankTopK(columns, rows, scores, 0, 7, ranked)
    expect(ranked.n).toBe(0)
    resetRanked(ranked, 5)
    expect(ranked.n).toBe(0)
  })
})
