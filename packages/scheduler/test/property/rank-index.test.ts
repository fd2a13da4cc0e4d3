import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addRow,
  type Columns,
  createColumns,
  hasRoom,
  OPEN,
  refreshLoad,
  touch,
} from '../../src/columns/columns.ts'
import { standsBefore } from '../../src/columns/order.ts'
import { DEFAULT_WEIGHTS } from '../../src/index.ts'
import { createScratch } from '../../src/rankers/ranker.ts'
import { weightedSum } from '../../src/rankers/weighted-sum.ts'
import { holds } from './holds.ts'

const facts = fc.record({
  priority: fc.constantFrom(0, 0, 1, 2, 50),
  limit: fc.constantFrom(0, 1, 3, 8),
  inUse: fc.integer({ min: 0, max: 4 }),
  claimed: fc.constantFrom(0, 0, 0, 1),
  waitingHere: fc.constantFrom(0, 0, 1, 5),
  errorRate: fc.constantFrom(0, 0, 0.2, 0.36000000000000004, 1),
  ttftMs: fc.constantFrom(Number.NaN, Number.NaN, 120, 120.5, 900),
  usable: fc.constantFrom(3, 3, 3, 3, 1, 0),
})
type Facts = typeof facts extends fc.Arbitrary<infer T> ? T : never
type Changes = { readonly [name in keyof Facts]?: number | undefined }

const weights = fc.constantFrom(
  DEFAULT_WEIGHTS,
  { priority: 0, load: 0, queue: 0, errorRate: 0, ttft: 1 },
  { priority: 1, load: 0, queue: 0, errorRate: 0, ttft: 0 },
  { priority: 0.1, load: 0.2, queue: 0.3, errorRate: 1e-9, ttft: 12 },
)

/** Writes what is given of a row; says so in the log, as the engine does. */
function write(columns: Columns, row: number, given: Changes): void {
  for (const [name, value] of Object.entries(given)) columns[name as keyof Facts][row] = value!
  if (given.inUse !== undefined || given.limit !== undefined || given.waitingHere !== undefined)
    refreshLoad(columns, row)
  else touch(columns, row)
}

describe('the index and the cache of the weighted sum', () => {
  it('yield what a full scan and sort yield, bit for bit, after any changes', () => {
    const change = fc.record({
      at: fc.nat(),
      given: fc.oneof(facts, fc.record(asSingles(), { requiredKeys: [] })),
    })
    const step = fc.record({
      changes: fc.array(change, { maxLength: 6 }),
      /** Beyond what the log of changes holds. */
      flood: fc.constantFrom(false, false, false, true),
      switchToFreeAfter: fc.integer({ min: 0, max: 40 }),
    })
    return holds(
      fc.property(
        fc.array(facts, { minLength: 1, maxLength: 40, size: 'max' }),
        weights,
        fc.array(step, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (given, wanted, steps, everyOther) => {
          const columns = createColumns()
          for (const [at, row] of given.entries()) {
            addRow(columns)
            // Against the rows' own order, so that nobody takes one for the other.
            columns.order[at] = given.length - at
            write(columns, at, row)
          }
          const members = Int32Array.from(given.map((_, at) => given.length - 1 - at)).filter(
            row => !everyOther || row % 2 === 0,
          )
          const ranker = weightedSum(wanted)
          const index = ranker.createIndex!(members)
          let cache = ranker.createCache!(members)
          for (const { changes, flood, switchToFreeAfter } of steps) {
            for (const { at, given: changed } of changes) write(columns, at % given.length, changed)
            if (flood) for (let i = 0; i < 1_100; i++) touch(columns, i % given.length)
            compare(columns, members, ranker, index, switchToFreeAfter)
            // What an account is changes only with the list of accounts, and then every set is made anew.
            if (changes.some(({ given: changed }) => changed.priority !== undefined))
              cache = ranker.createCache!(members)
            compareCache(columns, members, ranker, cache)
          }
        },
      ),
      400,
    )
  })
})

function asSingles() {
  return {
    inUse: fc.integer({ min: 0, max: 8 }),
    errorRate: fc.constantFrom(0, 0.5, 1),
    ttftMs: fc.constantFrom(Number.NaN, 5, 1e6),
    usable: fc.constantFrom(0, 3),
    priority: fc.constantFrom(-3, 0, 7),
  }
}

function compare(
  columns: Columns,
  members: Int32Array,
  ranker: ReturnType<typeof weightedSum>,
  index: NonNullable<ReturnType<NonNullable<typeof ranker.createIndex>>>,
  switchToFreeAfter: number,
): void {
  const open = members.filter(row => (columns.usable[row]! & OPEN) !== 0)
  const scores = new Float64Array(open.length)
  const scratch = createScratch()
  ranker.rank({ model: 'm' }, open, open.length, columns, scratch, scores)
  const scoreOf = new Map(Array.from(open, (row, i) => [row, scores[i]!]))
  const sorted = Array.from(open).sort((a, b) =>
    standsBefore(columns, a, scoreOf.get(a)!, b, scoreOf.get(b)!) ? -1 : 1,
  )
  const expected = [
    ...sorted.slice(0, switchToFreeAfter),
    ...sorted.slice(switchToFreeAfter).filter(row => hasRoom(columns, row)),
  ]

  index.sync(columns)
  const own = createScratch()
  index.begin(own)
  const found: number[] = []
  for (;;) {
    const row = index.next(found.length < switchToFreeAfter ? 'any' : 'free')
    if (row < 0) break
    found.push(row)
    expect(Object.is(index.score, scoreOf.get(row))).toBe(true)
  }
  expect(found).toEqual(expected)
  expect(index.count).toBe(open.length)
  expect(index.anyFree).toBe(open.some(row => hasRoom(columns, row)))
  expect(index.loadSum).toBe(open.reduce((sum, row) => sum + columns.loadRate[row]!, 0))
  expect(index.loadSquares).toBe(open.reduce((sum, row) => sum + columns.loadRate[row]! ** 2, 0))
  if (open.length > 0) expect([...own.bounds]).toEqual([...scratch.bounds])
}

function compareCache(
  columns: Columns,
  members: Int32Array,
  ranker: ReturnType<typeof weightedSum>,
  cache: NonNullable<ReturnType<NonNullable<typeof ranker.createCache>>>,
): void {
  const open = members.filter(row => (columns.usable[row]! & OPEN) !== 0)
  const scores = new Float64Array(open.length)
  const scratch = createScratch()
  ranker.rank({ model: 'm' }, open, open.length, columns, scratch, scores)
  const own = createScratch()
  cache.rank(columns, own)
  expect([...cache.rows]).toEqual([...open])
  expect([...cache.scores.subarray(0, open.length)]).toEqual([...scores])
  if (open.length > 0) expect([...own.bounds]).toEqual([...scratch.bounds])
}
