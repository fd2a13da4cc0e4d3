import { describe, expect, it } from 'vitest'
import {
  afterReset,
  hasSpare,
  isMeant,
  nextChangeMs,
  openAllowance,
  refill,
  roomAtMs,
  shareOf,
  spareOf,
  take,
} from './allowance.ts'

const opened = (limit: number | undefined, remaining: number, resetMs: number) =>
  openAllowance({ ...(limit === undefined ? {} : { limit }), remaining, resetMs }, 0, 0)!

describe('a limit that comes back whole at its reset', () => {
  it('keeps a hundredth of itself, rounded down, and what is reserved', () => {
    expect(spareOf(opened(1_050, 500, 20_000), 40)).toBe(500 - 40 - 10)
    expect(spareOf(opened(undefined, 500, 20_000), 40)).toBe(460)
  })

  it.each([
    ['as it is reported', 20_000, 20_000, 20_000],
    ['and windows after it take a second at least', 10, 10, 1_000],
    ['and a minute at most', 200_000, 200_000, 60_000],
    ['and none is believed beyond a day', 400_000_000, 86_400_000, 60_000],
  ])('ends %s', (_, resetMs, resetAtMs, lengthMs) => {
    expect(opened(100, 90, resetMs)).toMatchObject({ resetAtMs, lengthMs, refillPerMs: 0 })
  })

  it('is over where its end has passed by the time it is heard of', () => {
    const window = { limit: 100, remaining: 10, resetMs: 500 }
    expect(openAllowance(window, 0, 500)).toBeUndefined()
    expect(openAllowance(window, 0, 499)).toBeDefined()
  })

  it('begins anew where it was used and is known, and is forgotten otherwise', () => {
    const used = { ...opened(100, 3, 20_000), used: true }
    expect(afterReset(used, 21_000)).toMatchObject({ remaining: 100, resetAtMs: 41_000, used: false })
    expect(afterReset({ ...used, used: false }, 21_000)).toBeUndefined()
    expect(afterReset({ ...opened(undefined, 3, 20_000), used: true }, 21_000)).toBeUndefined()
  })

  it('lets pass what it has room for, one at least, and when whole what is larger than all of it', () => {
    const allowance = opened(1_000, 110, 20_000)
    expect([0, 100, 101].map(amount => hasSpare(allowance, 0, amount))).toEqual([true, true, false])
    expect(hasSpare(allowance, 100, 0)).toBe(false)
    expect(hasSpare(opened(1_000, 1_000, 20_000), 0, 5_000)).toBe(true)
    expect(roomAtMs(allowance, 0, 200)).toBe(20_000)
  })

  it('tells the share that is left, from 0 to 1, and 1 where nothing is known', () => {
    expect(shareOf(opened(1_000, 510, 20_000), 0)).toBe(0.5)
    expect(shareOf(opened(1_000, 5, 20_000), 100)).toBe(0)
    expect(shareOf(opened(undefined, 5, 20_000), 0)).toBe(1)
    expect(shareOf(undefined, 0)).toBe(1)
  })
})

describe('a limit that refills evenly', () => {
  /** Half of it is there, so that it is full in half of its period. */
  const bucket = (periodMs = 60_000) => opened(600, 300, periodMs / 2)

  it.each([
    [60_000, true],
    [86_400_000, true],
    [60_000 * 1.025, true],
    [60_000 * 0.975, true],
    [60_000 * 1.04, false],
    [60_000 * 0.96, false],
    [30_000, false],
  ])(
    'is known by its reset, within three hundredths of a minute or a day: a period of %d ms, %s',
    (periodMs, is) => {
      expect(bucket(periodMs).refillPerMs).toBeCloseTo(is ? 600 / periodMs : 0, 9)
    },
  )

  it('has what has flowed back, never more than the limit', () => {
    const allowance = bucket()
    expect([refill(allowance, 1_000), allowance.remaining]).toEqual([true, 310])
    expect([refill(allowance, 1_000), allowance.remaining]).toEqual([false, 310])
    expect([refill(allowance, 90_000), allowance.remaining]).toEqual([true, 600])
  })

  it('is full the later for what is taken of it, and never below nothing', () => {
    const allowance = bucket()
    take(allowance, 100)
    expect(allowance).toMatchObject({ remaining: 200, resetAtMs: 40_000 })
    take(allowance, 1_000)
    expect(allowance.remaining).toBe(0)
  })

  it('has room as soon as what is missing has flowed back, and is looked at four times a second until then', () => {
    // Spare is 300 - 6; 20 more take 2 s.
    expect(roomAtMs(bucket(), 0, 314)).toBeCloseTo(2_000, 6)
    expect(nextChangeMs(bucket())).toBe(250)
    expect(nextChangeMs({ ...bucket(), remaining: 600 })).toBe(30_000)
  })
})

it.each([
  [{ remaining: -1, resetMs: 1_000 }],
  [{ remaining: Number.NaN, resetMs: 1_000 }],
  [{ remaining: 1, resetMs: -1 }],
  [{ limit: -1, remaining: 1, resetMs: 1_000 }],
])('%j is sent in place of an answer', window => {
  expect(isMeant(window)).toBe(false)
  expect(isMeant({ limit: 0, remaining: 0, resetMs: 0 })).toBe(true)
})
