import { describe, expect, it } from 'vitest'
import { addRow, type Columns, createColumns, OPEN, refreshLoad, touch } from '../columns/columns.ts'
import { errorRateFactor } from './factors/error-rate.ts'
import { loadFactor } from './factors/load.ts'
import { priorityFactor } from './factors/priority.ts'
import { queueFactor } from './factors/queue.ts'
import { ttftFactor } from './factors/ttft.ts'
import { createScratch } from './ranker.ts'
import { weightedSum } from './weighted-sum.ts'
import { createWeightedSumIndex } from './weighted-sum-index.ts'
import { DEFAULT_WEIGHTS } from './weights.ts'

const none = Number.NaN

describe('the factors', () => {
  it('priority: 1 for the most urgent, 0 for the least, 1 when there is but one', () => {
    expect([1, 2, 3].map(priority => priorityFactor(priority, 1, 3))).toEqual([1, 0.5, 0])
    expect(priorityFactor(7, 7, 7)).toBe(1)
  })

  it('load: 1 idle, 0 full and beyond', () => {
    expect([0, 25, 100, 250].map(loadFactor)).toEqual([1, 0.75, 0, 0])
    for (let percent = 0; percent <= 100; percent++) expect(loadFactor(percent)).toBe(1 - percent / 100)
  })

  it('queue: relative to where most wait', () => {
    expect([0, 1, 4].map(waiting => queueFactor(waiting, 4))).toEqual([1, 0.75, 0])
  })

  it('error rate: 1 for none', () => {
    expect([0, 0.25, 1].map(errorRateFactor)).toEqual([1, 0.75, 0])
  })

  it('time to first token: neutral without a sample, and while all are equal', () => {
    expect([100, 200, 300, none].map(ttft => ttftFactor(ttft, 100, 300))).toEqual([1, 0.5, 0, 0.5])
    expect(ttftFactor(100, 100, 100)).toBe(0.5)
    expect(ttftFactor(none, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)).toBe(0.5)
  })
})

function columnsOf(count: number): Columns {
  const columns = createColumns()
  for (let row = 0; row < count; row++) {
    addRow(columns)
    columns.order[row] = row
    columns.limit[row] = 4
    columns.usable[row] = 3
    refreshLoad(columns, row)
  }
  return columns
}

describe('weightedSum', () => {
  it('scores relative to the candidates it is given, not to all accounts', () => {
    const columns = columnsOf(3)
    columns.priority.set([0, 5, 9])
    const ranker = weightedSum({ priority: 1, load: 0, queue: 0, errorRate: 0, ttft: 0 })
    const rank = (rows: number[]) => {
      const out = new Float64Array(rows.length)
      ranker.rank({ model: 'm' }, Int32Array.from(rows), rows.length, columns, createScratch(), out)
      return [...out]
    }
    expect(rank([0, 2])).toEqual([1, 0])
    expect(rank([1, 2])).toEqual([1, 0])
    expect(rank([2])).toEqual([1])
    expect(rank([])).toEqual([])
  })
})

describe('the index', () => {
  const members = Int32Array.from({ length: 5 }, (_, row) => row)
  const yields = (
    index: ReturnType<typeof createWeightedSumIndex>,
    columns: Columns,
    which: 'any' | 'free',
  ) => {
    index.sync(columns)
    index.begin(createScratch())
    const rows: number[] = []
    for (let row = index.next(which); row >= 0; row = index.next(which)) rows.push(row)
    return rows
  }

  it('yields equal accounts in their order, and knows when none may be used', () => {
    const columns = columnsOf(5)
    const index = createWeightedSumIndex(DEFAULT_WEIGHTS, members)
    expect(yields(index, columns, 'any')).toEqual([0, 1, 2, 3, 4])
    for (const row of members) {
      columns.usable[row] = 0
      touch(columns, row)
    }
    expect(yields(index, columns, 'any')).toEqual([])
    expect([index.count, index.loadSum, index.anyFree]).toEqual([0, 0, false])
    columns.usable[3] = OPEN
    touch(columns, 3)
    expect(yields(index, columns, 'any')).toEqual([3])
  })

  it('leaves out in free mode whoever shows no room', () => {
    const columns = columnsOf(5)
    const index = createWeightedSumIndex(DEFAULT_WEIGHTS, members)
    columns.inUse[1] = 4
    columns.claimed[2] = 4
    for (const row of [1, 2]) refreshLoad(columns, row)
    expect(yields(index, columns, 'free')).toEqual([0, 3, 4])
  })

  it('is rebuilt when more changed than the log holds', () => {
    const columns = columnsOf(5)
    const index = createWeightedSumIndex(DEFAULT_WEIGHTS, members)
    yields(index, columns, 'any')
    columns.errorRate[0] = 1
    touch(columns, 0)
    for (let i = 0; i < 5_000; i++) touch(columns, 4)
    expect(yields(index, columns, 'any')).toEqual([1, 2, 3, 4, 0])
  })
})
