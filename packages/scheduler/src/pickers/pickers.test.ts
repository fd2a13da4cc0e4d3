import { describe, expect, it } from 'vitest'
import { addRow, type Columns, createColumns } from '../columns/columns.ts'
import { createRanked, type Ranked } from '../columns/ranked.ts'
import { createSelectionRandom } from '../random.ts'
import { bestFirst } from './best-first.ts'
import { leastLoaded } from './least-loaded.ts'
import type { Picker } from './picker.ts'
import { weightedRandom } from './weighted-random.ts'

type Facts = Partial<Record<'score' | 'share' | 'priority' | 'loadRate' | 'lastUsed', number>>

function ranked(given: readonly Facts[]): { columns: Columns; best: Ranked } {
  const columns = createColumns()
  const best = createRanked()
  for (const { score = 0, share = 1, priority = 0, loadRate = 0, lastUsed = 0 } of given) {
    const row = addRow(columns)
    columns.order[row] = row
    columns.share[row] = share
    columns.priority[row] = priority
    columns.loadRate[row] = loadRate
    columns.lastUsed[row] = lastUsed
    best.rows[best.n] = row
    best.scores[best.n++] = score
  }
  return { columns, best }
}

function draw(picker: Picker, given: readonly Facts[], seed: number): { order: number[]; waitFor: number } {
  const { columns, best } = ranked(given)
  const random = createSelectionRandom()
  random.seed(seed, seed * 7)
  const state = picker.createDraw()
  state.begin(best, columns, random)
  const order: number[] = []
  for (let place = state.next(); place >= 0; place = state.next()) order.push(place)
  return { order, waitFor: state.waitFor() }
}

const firsts = (picker: Picker, given: readonly Facts[], runs = 4_000) => {
  const counts = given.map(() => 0)
  for (let seed = 1; seed <= runs; seed++) counts[draw(picker, given, seed).order[0]!]! += 1
  return counts.map(count => count / runs)
}

describe('weightedRandom', () => {
  it('draws everyone once, the first of them to wait for', () => {
    for (let seed = 1; seed < 50; seed++) {
      const { order, waitFor } = draw(weightedRandom(7), [{ score: 4 }, { score: 2 }, { score: 1 }, {}], seed)
      expect(order.toSorted()).toEqual([0, 1, 2, 3])
      expect(waitFor).toBe(order[0])
    }
  })

  it('by the distance to the lowest score plus one', () => {
    const [best, worst] = firsts(weightedRandom(7), [{ score: 3 }, { score: 1 }])
    expect(best).toBeCloseTo(3 / 4, 1)
    expect(worst).toBeCloseTo(1 / 4, 1)
  })

  it('less often where the share is small', () => {
    const [full, tenth] = firsts(weightedRandom(7), [{ score: 1 }, { score: 1, share: 0.1 }])
    expect(full).toBeCloseTo(1 / 1.1, 1)
    expect(tenth).toBeCloseTo(0.1 / 1.1, 1)
  })

  it('takes a weight that is none for one', () => {
    const given = [{ score: Number.POSITIVE_INFINITY }, { score: 0 }, { score: Number.NaN }]
    for (let seed = 1; seed < 20; seed++)
      expect(draw(weightedRandom(7), given, seed).order.toSorted()).toEqual([0, 1, 2])
  })

  it('draws nothing from nothing, and more than its first room holds', () => {
    expect(draw(weightedRandom(7), [], 1)).toEqual({ order: [], waitFor: -1 })
    const many = Array.from({ length: 64 }, () => ({}))
    expect(new Set(draw(weightedRandom(64), many, 1).order).size).toBe(64)
  })
})

describe('leastLoaded', () => {
  it('goes by priority, load and last use, never used first, and leaves out the full', () => {
    const given = [
      { priority: 1 },
      { loadRate: 100 },
      { loadRate: 50, lastUsed: 9 },
      { loadRate: 50, lastUsed: 0 },
      { loadRate: 20, lastUsed: 9 },
      { loadRate: 50, lastUsed: 4 },
    ]
    expect(draw(leastLoaded, given, 1).order).toEqual([4, 3, 5, 2, 0])
  })

  it('waits for the first by priority and last use, full or not', () => {
    const given = [
      { priority: 1, lastUsed: 0, loadRate: 100 },
      { lastUsed: 5, loadRate: 100 },
      { lastUsed: 2, loadRate: 300 },
    ]
    expect(draw(leastLoaded, given, 1)).toEqual({ order: [], waitFor: 2 })
    expect(draw(leastLoaded, [], 1).waitFor).toBe(-1)
  })

  it('shuffles exact ties, and nothing else', () => {
    const shares = firsts(leastLoaded, [{}, {}, {}, { priority: 1 }], 2_000)
    for (const share of shares.slice(0, 3)) expect(share).toBeCloseTo(1 / 3, 1)
    expect(shares[3]).toBe(0)
  })
})

describe('bestFirst', () => {
  const costs = (...ms: number[]): Facts[] => ms.map(cost => ({ score: -cost }))

  it('tries the cheapest, then the next, whatever the seed', () => {
    for (let seed = 1; seed < 50; seed++) {
      const { order, waitFor } = draw(bestFirst(7), costs(500, 600, 700), seed)
      expect(order).toEqual([0, 1, 2])
      expect(waitFor).toBe(0)
    }
  })

  it('draws evenly who is first of those within 50 ms of the cheapest, and keeps the others in order', () => {
    const shares = firsts(bestFirst(7), costs(500, 520, 549, 551))
    for (const share of shares.slice(0, 3)) expect(share).toBeCloseTo(1 / 3, 1)
    expect(shares[3]).toBe(0)
    for (let seed = 1; seed < 50; seed++) {
      const { order } = draw(bestFirst(7), costs(500, 520, 549, 551), seed)
      expect(order.slice(1)).toEqual([0, 1, 2, 3].filter(place => place !== order[0]))
    }
  })
})
