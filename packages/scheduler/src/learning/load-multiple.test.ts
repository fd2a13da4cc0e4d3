import { describe, expect, it } from 'vitest'
import type { Columns } from '../columns/columns.ts'
import { createLearnedLimit, FIRST_LIMIT } from './learned-limit.ts'
import { utilisation } from './load-multiple.ts'

const of = (limit: number, inUse: number) =>
  ({ limit: Int32Array.of(limit), inUse: Int32Array.of(inUse) }) as unknown as Columns

describe('the share of its slots that an account has in use', () => {
  it.each([
    ['half of four', of(4, 2), 0, 0.5],
    ["half of four, and the request's own", of(4, 2), 1, 0.75],
    ['all, where its limit was lowered below what is in use', of(4, 9), 1, 1],
    ['of a learned limit, where it has none', of(0, FIRST_LIMIT / 2), 0, 0.5],
    ['all of a learned limit that traffic is above', of(0, 5 * FIRST_LIMIT), 0, 1],
  ])('%s', (_, columns, more, share) => {
    expect(utilisation(columns, createLearnedLimit(), 0, more)).toBe(share)
  })
})
