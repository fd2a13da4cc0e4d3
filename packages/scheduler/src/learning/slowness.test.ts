import { describe, expect, it } from 'vitest'
import { createAccountHealth } from './account-health.ts'
import { createInFlight, type Expectation } from './in-flight.ts'
import { slownessOf } from './slowness.ts'

const signs = () => ({ health: createAccountHealth(), inFlight: createInFlight() })
/** As a multiple of the fleet's time. */
const times = (of: ReturnType<typeof signs>, nowMs: number): number => Math.exp(slownessOf(of, 0, nowMs))

/** A request admitted at 0 that nobody has answered. */
function silent(inFlight: ReturnType<typeof createInFlight>, predictedMs = 1_000): void {
  inFlight.add({ row: 0, admittedMs: 0, predictedMs } as Expectation)
}

/** Answers one a second, each at this multiple of what was predicted. */
function answer(of: ReturnType<typeof signs>, ratios: readonly number[], fromMs = 0): number {
  for (const [i, ratio] of ratios.entries()) of.health.observe(0, ratio, fromMs + 1_000 * i)
  return fromMs + 1_000 * ratios.length
}

const many = (n: number, ratio: number): number[] => new Array<number>(n).fill(ratio)

describe('how much slower than the fleet an account answers', () => {
  it('is nothing while nothing is known', () => {
    expect(times(signs(), 0)).toBe(1)
  })

  it.each([0.7, 1.25])('is its usual pace, learned over minutes (%s)', pace => {
    const of = signs()
    const nowMs = answer(of, many(200, pace))
    expect(times(of, nowMs)).toBeCloseTo(pace, 1)
    expect(times(of, nowMs + 300_000)).toBeCloseTo(pace, 1)
  })

  it('is hardly moved by a few answers that are a little slower or faster', () => {
    const of = signs()
    const nowMs = answer(of, many(200, 1))
    for (const ratio of [0.6, 1.4]) {
      const after = answer(of, many(4, ratio), nowMs)
      expect(Math.abs(slownessOf(of, 0, after))).toBeLessThan(0.03)
    }
  })

  it('is that of its newest answers once they take half as long again as is usual for it', () => {
    const of = signs()
    const nowMs = answer(of, many(200, 0.7))
    const after = answer(of, many(8, 1.6), nowMs)
    expect(times(of, after)).toBeGreaterThan(1.2)
  })

  it('is that of what it owes, before a single answer came', () => {
    const of = signs()
    silent(of.inFlight)
    silent(of.inFlight)
    expect(times(of, 1_900)).toBe(1)
    expect(times(of, 10_000)).toBeCloseTo(10, 1)
  })

  it('is not told by one that waits among many that do not', () => {
    const of = signs()
    const nowMs = answer(of, many(200, 1))
    silent(of.inFlight, nowMs / 3)
    for (let i = 0; i < 7; i++) silent(of.inFlight, nowMs)
    expect(times(of, nowMs)).toBeCloseTo(1, 5)
  })

  it('is as it was while somebody finds out whether a sick one is well again, and nearly as usual when that went well', () => {
    const of = signs()
    const later = answer(of, many(8, 10)) + 60_000
    silent(of.inFlight, 1e9)
    expect(times(of, later)).toBeGreaterThan(3)
    const healed = answer(of, many(6, 1), later)
    expect(times(of, healed)).toBeLessThan(1.5)
  })
})
