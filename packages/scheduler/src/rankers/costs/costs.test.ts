import { describe, expect, it } from 'vitest'
import { coldCost } from './cold.ts'
import { crowdingCost } from './crowding.ts'
import { errorCost } from './errors.ts'
import { headroomCost } from './headroom.ts'
import { slowStartCost } from './slow-start.ts'
import { tierCost } from './tier.ts'
import { ttftCost } from './ttft.ts'

describe('the cost of', () => {
  it.each([
    [1_000, 0, 1, 1_000],
    [1_000, Math.log(3), 1, 3_000],
    [1_000, -Math.log(2), 1.5, 750],
  ])('the first token: %d ms on the line, slowness %d, load %d -> %d ms', (lineMs, slowness, load, ms) => {
    expect(ttftCost(lineMs, slowness, load)).toBeCloseTo(ms, 6)
  })

  it.each([
    ['nothing at the mean', 0.5, 0.5, 0, 0],
    ['nothing below it', 0.25, 0.5, 0, 0],
    ['the price of what is above it', 1, 0.5, 0, 5_000 * (1 - 0.125)],
    ['half of what is spared where a quarter is warm', 1, 0, 0.25, 5_000 * (1 - 0.45)],
    ['a tenth where all is warm', 1, 0, 1, 500],
    ['no less where more is warm than the prompt has', 1, 0, 7, 500],
  ])('crowding: %s', (_, u, mean, cachedShare, ms) => {
    expect(crowdingCost(5_000, u, mean, cachedShare)).toBeCloseTo(ms, 6)
  })

  it.each([
    ['half of the reading', 0.5, 10_000, false, 600],
    ['nothing where all is cached', 0.5, 0, false, 0],
    ['and leaving a warm session: 100 ms and a tenth of the first token', 0.5, 10_000, true, 600 + 100 + 150],
    ['nothing at all when it is switched off', 0, 10_000, true, 0],
  ])('a cold prompt: %s', (_, weight, uncachedTokens, leaving, ms) => {
    expect(coldCost(weight, 0.12, { uncachedTokens, leaving, lineMs: 1_500 })).toBeCloseTo(ms, 6)
  })

  it.each([
    [0, 0],
    [1, 2_500],
    [19, 47_500],
  ])('failures: odds of %d -> %d ms', (odds, ms) => {
    expect(errorCost(odds, 1_500, 1_000)).toBe(ms)
  })

  it.each([
    ['nothing with a half left', 0.5, 10_000, 0],
    ['a quarter of the price with a quarter left', 0.25, 10_000, 1_250],
    ['all of it with nothing left', 0, 10_000, 5_000],
    ['by its tokens', 0, 2_000, 1_000],
  ])('spending a limit: %s', (_, share, tokens, ms) => {
    expect(headroomCost(5_000, share, tokens)).toBeCloseTo(ms, 6)
  })

  it.each([
    [1, 1, 0],
    [3, 1, 4_000],
    [21, 1, 40_000],
    [1_000, 1, 40_000],
  ])('tier %d beside tier %d: %d ms', (priority, best, ms) => {
    expect(tierCost(2_000, priority, best)).toBe(ms)
  })

  it('a recovering account: as much again as its first token but for the share it has', () => {
    expect([0.1, 0.5, 1].map(share => slowStartCost(share, 1_000))).toEqual([900, 500, 0])
  })
})
