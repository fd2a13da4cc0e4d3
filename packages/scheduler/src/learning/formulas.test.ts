/** What the docstrings of what is learned say, figure by figure. */
import { describe, expect, it } from 'vitest'
import { createAccountHealth } from './account-health.ts'
import { createErrorOdds } from './error-odds.ts'
import { createLatencyFit, PRIOR_BASE_MS, PRIOR_PER_TOKEN_MS } from './latency-fit.ts'
import { createLearnedLimit, FIRST_LIMIT, MAX_LIMIT, MIN_LIMIT } from './learned-limit.ts'
import { createSpeech } from './speech.ts'
import { createWholeAnswers } from './whole-answers.ts'

describe('the line of first tokens', () => {
  it('weighs by 1 / predicted^2: an answer that is late by the same share counts the same, whatever its length', () => {
    const moved = (tokens: number): number => {
      const fit = createLatencyFit()
      const beforeMs = fit.predictMs(tokens)
      fit.observe(tokens, 2 * beforeMs)
      return fit.predictMs(tokens) / beforeMs - 1
    }
    expect(moved(8_000) / moved(0)).toBeCloseTo(1, 1)
  })

  it('starts from a prior worth five samples', () => {
    const fit = createLatencyFit()
    for (let i = 0; i < 5; i++) {
      fit.observe(0, 2 * PRIOR_BASE_MS)
      fit.observe(8_000, 2 * (PRIOR_BASE_MS + 8_000 * PRIOR_PER_TOKEN_MS))
    }
    const share = fit.predictMs(4_000) / (PRIOR_BASE_MS + 4_000 * PRIOR_PER_TOKEN_MS) - 1
    expect(share).toBeGreaterThan(0.5)
    expect(share).toBeLessThan(0.85)
  })

  it('forgets over some five hundred samples', () => {
    const fit = createLatencyFit()
    for (let i = 0; i < 5_000; i++) fit.observe(i % 2 === 0 ? 0 : 8_000, i % 2 === 0 ? 500 : 1_300)
    for (let i = 0; i < 500; i++) fit.observe(i % 2 === 0 ? 0 : 8_000, i % 2 === 0 ? 1_000 : 2_600)
    const share = (fit.predictMs(4_000) - 900) / 900
    expect(share).toBeGreaterThan(0.4)
    expect(share).toBeLessThan(0.7)
  })
})

describe('the health of an account', () => {
  it('is the mean of its newest samples, an old one and what was late, with a prior of half a sample', () => {
    const health = createAccountHealth()
    health.observe(0, 4, 0)
    const slow = 0.6 / 21
    expect(health.usualLog(0, 0)).toBeCloseTo(slow, 9)
    expect(health.logRatio(0, 0, 0, 0)).toBeCloseTo((Math.log(4) + 0.5 * slow) / 1.5, 9)
    expect(health.logRatio(0, 0, 2, 2 * Math.log(9))).toBeCloseTo(
      (Math.log(4) + 2 * Math.log(9) + 0.5 * slow) / 3.5,
      9,
    )
  })

  it('halves its newest samples in 20 s and its usual pace in ten minutes', () => {
    const health = createAccountHealth()
    health.observe(0, 4, 0)
    const slow = (0.6 * 0.5 ** (20 / 600)) / (0.5 ** (20 / 600) + 20)
    expect(health.logRatio(0, 20_000, 0, 0)).toBeCloseTo((0.5 * Math.log(4) + 0.5 * slow) / 1, 9)
    expect(health.usualLog(0, 600_000)).toBeCloseTo(0.3 / 20.5, 9)
  })

  it('believes an answer up to e^3 times, and what was given up three times over and up to e^7', () => {
    const of = (learn: (health: ReturnType<typeof createAccountHealth>) => void): number => {
      const health = createAccountHealth()
      learn(health)
      // Of one sample: (sample + half the usual pace) / 1.5
      return health.logRatio(0, 0, 0, 0) * 1.5 - (0.5 * 0.6) / 21
    }
    expect(of(health => health.observe(0, 1e6, 0))).toBeCloseTo(3, 9)
    expect(of(health => health.gaveUp(0, 10, 0))).toBeCloseTo(Math.log(30), 9)
    expect(of(health => health.gaveUp(0, 1e6, 0))).toBeCloseTo(7, 9)
  })

  it('was as sick as it was worst, halved in a minute and by every good answer', () => {
    const health = createAccountHealth()
    for (let i = 0; i < 20; i++) health.observe(0, 10, 0)
    const sick = health.wasSick(0, 0)
    expect(Math.exp(sick)).toBeGreaterThan(8)
    expect(health.wasSick(0, 60_000)).toBeCloseTo(sick / 2, 9)
    health.observe(0, 1.6, 0)
    expect(health.wasSick(0, 0)).toBeCloseTo(sick / 2, 9)
    health.observe(0, 1, 0)
    expect(health.wasSick(0, 0)).toBeCloseTo(sick / 4, 9)
    health.observe(0, 1.7, 0)
    expect(health.wasSick(0, 0)).toBeGreaterThan(sick / 4)
  })
})

it('the odds of a failure are those of (failures + 0.01) / (attempts + 4), both halved in 30 s', () => {
  const odds = createErrorOdds()
  for (const failed of [true, true, false]) odds.observe(0, failed, 0)
  expect(odds.odds(0, 0)).toBeCloseTo(2.01 / 4.99, 9)
  expect(odds.odds(0, 30_000)).toBeCloseTo(1.01 / 4.49, 9)
  for (let i = 0; i < 10_000; i++) odds.observe(0, true, 0)
  expect(odds.odds(0, 0)).toBe(19)
})

describe('the limit that is learned', () => {
  it('grows by a fifth of its square root while nothing changes, and not while half of it is idle', () => {
    const limits = createLearnedLimit()
    limits.observe(0, 1, 8)
    expect(limits.limitOf(0)).toBeCloseTo(16 + 0.2 * 4, 9)
    const grown = limits.limitOf(0)
    limits.observe(0, 1, 8)
    expect(limits.limitOf(0)).toBe(grown)
  })

  it('falls by what answers take longer than 1.3 times as long as they did, by half at most', () => {
    const limits = createLearnedLimit()
    limits.observe(0, 1, 16)
    const before = limits.limitOf(0)
    limits.observe(0, 3, 16)
    // short = 1.4, long = 1.02
    const gradient = (1.3 * 1.02) / 1.4
    expect(limits.limitOf(0)).toBeCloseTo(0.8 * before + 0.2 * (gradient * before + Math.sqrt(before)), 9)
    const later = limits.limitOf(0)
    limits.observe(0, 1_000, 32)
    expect(limits.limitOf(0)).toBeCloseTo(0.8 * later + 0.2 * (0.5 * later + Math.sqrt(later)), 9)
  })

  it('takes no bad time for the usual one: when it comes again after a good one, it falls', () => {
    const limits = createLearnedLimit()
    for (let i = 0; i < 400; i++) limits.observe(0, 8, 1)
    for (let i = 0; i < 60; i++) limits.observe(0, 1, 1)
    for (let i = 0; i < 12; i++) limits.observe(0, 6, limits.limitOf(0))
    expect(limits.limitOf(0)).toBeLessThan(FIRST_LIMIT)
  })

  it('stays between 2 and 2,000, from 16', () => {
    const limits = createLearnedLimit()
    expect([limits.limitOf(0), FIRST_LIMIT, MIN_LIMIT, MAX_LIMIT]).toEqual([16, 16, 2, 2_000])
    for (let i = 0; i < 2_000; i++) limits.observe(0, 1, limits.limitOf(0))
    expect(limits.limitOf(0)).toBe(MAX_LIMIT)
    for (let i = 0; i < 2_000; i++) limits.observe(1, 1.05 ** (i % 600), limits.limitOf(1))
    expect(limits.limitOf(1)).toBeGreaterThanOrEqual(MIN_LIMIT)
  })
})

describe('an answer that comes whole', () => {
  it('is held against its first token and 15 ms for each token it put out, and weighs at least a quarter', () => {
    const wholes = createWholeAnswers()
    const { ratio, weight } = wholes.sample(4_000, 500, 100)
    expect(ratio).toBeCloseTo(4_000 / 2_000, 9)
    expect(weight).toBeCloseTo(0.25, 9)
    expect(createWholeAnswers().sample(1_000, 500, 20).weight).toBeCloseTo(500 / 800, 9)
  })

  it('moves the pace by a fiftieth of the difference, by three times its length at most', () => {
    const paceAfter = (tookMs: number): number => {
      const wholes = createWholeAnswers()
      wholes.sample(tookMs, 500, 100)
      // ratio = took / (500 + 100 x pace)
      return (1_000 / wholes.sample(1_000, 500, 100).ratio - 500) / 100
    }
    expect(paceAfter(4_500)).toBeCloseTo(15 + 0.02 * (40 - 15), 9)
    expect(paceAfter(1e9)).toBeCloseTo(15 + 0.02 * (55 - 15), 9)
  })
})

it('first tokens are told until some fourteen answers in a row had none', () => {
  const speech = createSpeech()
  let silent = 0
  while (speech.isTold) {
    speech.heard(false)
    silent++
  }
  expect(silent).toBe(14)
  speech.heard(true)
  expect(speech.isTold).toBe(true)
})
