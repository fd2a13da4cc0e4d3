import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '../memory/seeded-random.ts'
import { createAccountHealth } from './account-health.ts'
import { createErrorOdds, MAX_ODDS } from './error-odds.ts'
import { createInFlight, type Expectation } from './in-flight.ts'
import { createLatencyFit } from './latency-fit.ts'
import { createLearnedLimit, FIRST_LIMIT } from './learned-limit.ts'
import { createWarmth, MAX_PLACES, MAX_SESSIONS } from './warmth.ts'

/** Uniform in [0, 1). */
function uniform(seed: number): () => number {
  const random = createSeededRandom(seed)
  const out = new Uint32Array(2)
  return () => {
    random.next64(out)
    return out[0]! / 2 ** 32
  }
}

describe('the line of first tokens', () => {
  it('finds base and slope through noise that grows with the time itself', () => {
    const fit = createLatencyFit()
    const chance = uniform(1)
    for (let i = 0; i < 4_000; i++) {
      const tokens = chance() * 20_000
      fit.observe(tokens, (350 + 0.12 * tokens) * Math.exp(0.35 * (chance() + chance() + chance() - 1.5) * 2))
    }
    expect(fit.predictMs(0)).toBeGreaterThan(300)
    expect(fit.predictMs(0)).toBeLessThan(420)
    expect(Math.abs(fit.perTokenMs - 0.12)).toBeLessThan(0.012)
    expect(Math.abs(fit.predictMs(10_000) / 1_550 - 1)).toBeLessThan(0.1)
  })

  it('is moved by one answer of a hundred times its length no further than by one of three times', () => {
    const one = createLatencyFit()
    const other = createLatencyFit()
    one.observe(1_000, one.predictMs(1_000) * 100)
    other.observe(1_000, other.predictMs(1_000) * 3)
    expect(one.predictMs(1_000)).toBe(other.predictMs(1_000))
  })

  it('keeps its slope at 0 or above when prompts hardly differ', () => {
    const fit = createLatencyFit()
    for (let i = 0; i < 3_000; i++) fit.observe(1_000 + (i % 2), i % 2 === 0 ? 900 : 300)
    expect(fit.perTokenMs).toBeGreaterThanOrEqual(0)
    expect(fit.predictMs(1_000)).toBeGreaterThan(400)
    expect(fit.predictMs(1_000)).toBeLessThan(800)
  })
})

describe('the health of an account', () => {
  it('rises within a few samples, and is forgotten after some half-lives without any', () => {
    const health = createAccountHealth()
    for (let i = 0; i < 5; i++) health.observe(3, 10, 1_000 * i)
    const sick = health.logRatio(3, 5_000, 0, 0)
    expect(Math.exp(sick)).toBeGreaterThan(4)
    expect(Math.exp(health.logRatio(3, 5_000 + 10 * 20_000, 0, 0))).toBeLessThan(1.5)
  })

  it('remembers for long what is a little slower, and of a sickness only a little', () => {
    const slower = createAccountHealth()
    const sick = createAccountHealth()
    for (let i = 0; i < 50; i++) {
      slower.observe(0, 1.3, 1_000 * i)
      sick.observe(0, 20, 1_000 * i)
    }
    expect(Math.exp(slower.logRatio(0, 300_000, 0, 0))).toBeGreaterThan(1.17)
    expect(Math.exp(sick.logRatio(0, 300_000, 0, 0))).toBeLessThan(1.9)
    // Nobody has asked it for two hours: what it was says little of what it is.
    expect(Math.exp(slower.usualLog(0, 7_200_000))).toBeLessThan(1.01)
  })

  it('counts requests that are late by now before they are answered', () => {
    const health = createAccountHealth()
    expect(health.logRatio(0, 0, 3, 3 * Math.log(8))).toBeGreaterThan(1.3)
  })

  it('starts anew when it is forgotten, and knows nothing of rows it has not seen', () => {
    const health = createAccountHealth()
    health.observe(40, 10, 0)
    health.forget(40)
    expect(health.logRatio(40, 0, 0, 0)).toBe(0)
    expect(health.logRatio(999, 0, 0, 0)).toBe(0)
  })
})

describe('the odds of a failure', () => {
  it('are small before anything is known, rise with failures, and are bounded', () => {
    const odds = createErrorOdds()
    expect(odds.odds(0, 0)).toBeLessThan(0.01)
    for (let i = 0; i < 4; i++) odds.observe(0, true, i)
    expect(odds.odds(0, 4)).toBeGreaterThan(0.9)
    for (let i = 0; i < 2_000; i++) odds.observe(0, true, 5)
    expect(odds.odds(0, 5)).toBe(MAX_ODDS)
  })

  it('are the same for every account that nobody has asked yet', () => {
    expect(createErrorOdds().odds(999, 0)).toBe(createErrorOdds().odds(0, 0))
  })

  it('fall by time, so that an account that nobody asks comes back', () => {
    const odds = createErrorOdds()
    for (let i = 0; i < 10; i++) odds.observe(0, true, 0)
    expect(odds.odds(0, 300_000)).toBeLessThan(0.01)
  })
})

describe('what is learned of a limit', () => {
  it('grows under load while answers come as always, and falls when they come later', () => {
    const limits = createLearnedLimit()
    for (let i = 0; i < 200; i++) limits.observe(0, 1, limits.limitOf(0))
    const grown = limits.limitOf(0)
    expect(grown).toBeGreaterThan(3 * FIRST_LIMIT)
    for (let i = 0; i < 30; i++) limits.observe(0, 6, limits.limitOf(0))
    expect(limits.limitOf(0)).toBeLessThan(grown / 2)
  })

  it('is not moved by idle traffic', () => {
    const limits = createLearnedLimit()
    for (let i = 0; i < 200; i++) limits.observe(0, 1, 1)
    expect(limits.limitOf(0)).toBe(FIRST_LIMIT)
  })
})

describe('where a session is warm', () => {
  const at = (row: number) => ({ row, account: `a${row}` })

  it('is told newest first, for ten minutes, at four places at most', () => {
    const warmth = createWarmth()
    for (let row = 0; row < 6; row++) warmth.note('s', at(row), 100 + row, row * 1_000)
    expect(warmth.places('s', 6_000).map(({ row }) => row)).toEqual([5, 4, 3, 2])
    expect(warmth.places('s', 6_000)).toHaveLength(MAX_PLACES)
    expect(warmth.places('s', 603_500).map(({ row }) => row)).toEqual([5, 4])
    expect(warmth.places('s', 700_000)).toEqual([])
    expect(warmth.size).toBe(0)
  })

  it('is told once an account, with what it holds now', () => {
    const warmth = createWarmth()
    warmth.note('s', at(1), 100, 0)
    warmth.note('s', at(2), 50, 1)
    warmth.note('s', at(1), 300, 2)
    expect(warmth.places('s', 3)).toMatchObject([
      { row: 1, tokens: 300 },
      { row: 2, tokens: 50 },
    ])
  })

  it('is bounded: the session not used for longest is forgotten', () => {
    const warmth = createWarmth()
    for (let i = 0; i <= MAX_SESSIONS; i++) warmth.note(`s${i}`, at(0), 1, 0)
    expect(warmth.size).toBe(MAX_SESSIONS)
    expect(warmth.places('s0', 1)).toEqual([])
    expect(warmth.places('s1', 1)).toHaveLength(1)
  })
})

describe('requests in flight', () => {
  const expected = (row: number): Expectation => ({
    row,
    session: undefined,
    inputTokens: 0,
    uncachedTokens: 0,
    predictedMs: 1,
    usualMs: 1,
    likelyMs: 1,
    loadMultiple: 1,
    admittedMs: 0,
    whole: false,
    speaks: true,
    firstTokenMs: undefined,
    healthLog: 0,
    previous: undefined,
    next: undefined,
    listed: false,
  })

  it('are found oldest first by account, whichever of them leave', () => {
    const inFlight = createInFlight()
    const [a, b, c, other] = [expected(1), expected(1), expected(1), expected(2)]
    for (const one of [a, b, c, other]) inFlight.add(one!)
    inFlight.remove(b!)
    inFlight.remove(b!)
    inFlight.remove(a!)
    expect(inFlight.oldest(1)).toBe(c)
    expect(c!.previous).toBeUndefined()
    inFlight.remove(c!)
    expect(inFlight.oldest(1)).toBeUndefined()
    expect(inFlight.oldest(2)).toBe(other)
  })
})
