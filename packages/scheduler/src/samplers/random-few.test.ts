import { describe, expect, it } from 'vitest'
import { addRow, createColumns, OPEN } from '../columns/columns.ts'
import { createSelectionRandom } from '../random.ts'
import { randomFew } from './random-few.ts'

/** So many open accounts of one slot, of which those named are full or closed. */
function poolOf(size: number, { full = [], closed = [] }: { full?: number[]; closed?: number[] } = {}) {
  const columns = createColumns()
  for (let row = 0; row < size; row++) {
    addRow(columns)
    columns.limit[row] = 1
    columns.inUse[row] = full.includes(row) ? 1 : 0
    columns.usable[row] = closed.includes(row) ? 0 : OPEN
  }
  return columns
}

const rows = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

/** What is drawn of a pool, over many seeds. */
function draws(columns: ReturnType<typeof poolOf>, want: number, had: readonly number[] = []): number[][] {
  const members = Int32Array.from(rows(0, columns.size))
  return rows(1, 301).map(seed => {
    const random = createSelectionRandom()
    random.seed(seed, 0)
    const out = new Int32Array(64)
    out.set(had)
    const n = randomFew(want).sample(members, want, columns, random, out, had.length)
    return Array.from(out.subarray(0, n))
  })
}

describe('a few accounts at random', () => {
  it('are as many as are wanted, each once, beside those that are there already', () => {
    for (const drawn of draws(poolOf(500), 12, [7, 8])) {
      expect(drawn).toHaveLength(14)
      expect(drawn.slice(0, 2)).toEqual([7, 8])
      expect(new Set(drawn).size).toBe(14)
    }
  })

  it('are none that is closed', () => {
    const closed = rows(0, 250)
    for (const drawn of draws(poolOf(500, { closed }), 12))
      for (const row of drawn) expect(row).toBeGreaterThan(249)
  })

  it('have room, as long as there are some that do', () => {
    const full = rows(0, 250)
    for (const drawn of draws(poolOf(500, { full }), 12)) {
      expect(drawn).toHaveLength(12)
      for (const row of drawn) expect(row).toBeGreaterThan(249)
    }
  })

  it('are found where hardly one has room, by a walk, and filled up with full ones that one could wait for', () => {
    const full = rows(0, 250)
    const drawn = draws(poolOf(252, { full }), 4)
    for (const few of drawn) {
      expect(few).toHaveLength(4)
      expect(few.some(row => row > 249)).toBe(true)
      expect(few.some(row => row < 250)).toBe(true)
    }
  })

  it('are any of them, each as likely', () => {
    const counts = new Array<number>(40).fill(0)
    for (const drawn of draws(poolOf(40), 4)) for (const row of drawn) counts[row]!++
    // 300 draws of 4 of 40: 30 each.
    expect(Math.min(...counts)).toBeGreaterThan(12)
    expect(Math.max(...counts)).toBeLessThan(52)
  })
})
