import { describe, expect, it } from 'vitest'
import { createChance } from '../src/chance.ts'
import { buildWorld } from '../src/scenario/build.ts'
import type { Scenario } from '../src/scenario/scenario.ts'
import { drawAccounts } from '../src/world/accounts.ts'
import { createIncidents } from '../src/world/incidents.ts'
import { decodeMs, firstTokenMs, meanNoise, noise, type ServerLaw, USUAL_LAW } from '../src/world/latency.ts'
import { createPrefixCache } from '../src/world/prefix-cache.ts'
import { createTokenBucket } from '../src/world/token-bucket.ts'
import { noTraces } from './no-traces.ts'

describe('time to first token', () => {
  it('is (350 + base + 0.12 uncached + 0.008 cached) x speed x (1 + u^2 / 2)', () => {
    expect(firstTokenMs({ baseMs: 0, speed: 1 }, { uncached: 0, cached: 0 }, 0)).toBe(350)
    expect(firstTokenMs({ baseMs: 150, speed: 2 }, { uncached: 1_000, cached: 2_500 }, 0.5)).toBeCloseTo(
      (500 + 120 + 20) * 2 * 1.125,
    )
  })

  it('is multiplied by a lognormal, and for one in a hundred by 3 to 30 more', () => {
    expect(noise({ normal: 0, tail: 0.5, depth: 0.5 })).toBe(1)
    expect(noise({ normal: 1, tail: 0.5, depth: 0.5 })).toBeCloseTo(Math.exp(0.35))
    expect(noise({ normal: 0, tail: 0.009, depth: 0 })).toBe(3)
    expect(noise({ normal: 0, tail: 0.009, depth: 0.9999 })).toBe(30)
  })

  it('has the mean by which capacity is reckoned', () => {
    const chance = createChance(1, 'noise')
    let sum = 0
    const n = 200_000
    for (let i = 0; i < n; i++)
      sum += noise({ normal: chance.normal(), tail: chance.uniform(), depth: chance.uniform() })
    expect(Math.abs(sum / n / meanNoise() - 1)).toBeLessThan(0.01)
  })
})

describe('servers of another kind', () => {
  const pace = { baseMs: 0, speed: 1 }
  const at = (u: number, law: Partial<ServerLaw>, tokens = { uncached: 0, cached: 0 }, reading = 1) =>
    firstTokenMs({ ...pace, reading }, tokens, u, { ...USUAL_LAW, ...law })

  it.each([
    ['none', [350, 350, 350]],
    ['mild', [350, 393.75, 525]],
    ['steep', [350, 415.625, 1_400]],
  ] as const)('whose load is %s', (load, expected) => {
    expect([0, 0.5, 1].map(u => at(u, { load }))).toEqual(expected)
  })

  it('read a prompt of 20,000 tokens in twice its share, and each token at a pace of their own', () => {
    const tokens = { uncached: 20_000, cached: 0 }
    expect(at(0, {}, tokens)).toBe(350 + 2_400)
    expect(at(0, { reading: 'quadratic' }, tokens)).toBe(350 + 4_800)
    expect(at(0, {}, tokens, 1.5)).toBe(350 + 3_600)
  })

  it('vary more, and forget sooner', () => {
    expect(noise({ normal: 1, tail: 0.5, depth: 0 }, 0.7)).toBe(Math.exp(0.7))
    expect(meanNoise(0.7)).toBeGreaterThan(meanNoise())
    const cache = createPrefixCache(120_000)
    cache.keep(0, [0], 512, 0)
    expect([120_000, 120_001].map(ms => cache.cachedTokens(0, [0], 512, ms))).toEqual([512, 0])
  })
})

it('decodes at 12 ms a token, a fifth slower when full', () => {
  expect(decodeMs(100, 0)).toBe(1_200)
  expect(decodeMs(100, 1)).toBeCloseTo(1_440)
})

describe('the token bucket', () => {
  it('holds a minute, refills steadily, and says when it will do', () => {
    const bucket = createTokenBucket(60_000)
    expect(bucket.take(50_000, 0)).toBe(true)
    expect(bucket.take(20_000, 1_000)).toBe(false)
    expect(bucket.holdsAtMs(20_000, 1_000)).toBe(10_000)
    expect(bucket.take(20_000, 10_000)).toBe(true)
    expect(bucket.level(10_000)).toBe(0)
  })

  it('lets through, when full, what it could never hold', () => {
    const bucket = createTokenBucket(1_000)
    expect(bucket.take(5_000, 0)).toBe(true)
    expect(bucket.take(1, 0)).toBe(false)
  })
})

describe('the prefix cache', () => {
  it('holds the true common prefix of what an account saw last, for 600 s', () => {
    const cache = createPrefixCache()
    cache.keep(3, [0, 1, 2, 3], 2_000, 0)
    expect(cache.cachedTokens(3, [0, 1, 2, 9, 10], 2_500, 600_000)).toBe(3 * 512)
    expect(cache.cachedTokens(3, [0, 1, 2, 3, 4], 2_500, 0)).toBe(2_000)
    expect(cache.cachedTokens(3, [0, 1, 2, 9, 10], 2_500, 600_001)).toBe(0)
    expect(cache.cachedTokens(4, [0, 1, 2, 3], 2_000, 0)).toBe(0)
  })
})

describe('incidents', () => {
  it('befall the accounts they name, from their beginning to just before their end', () => {
    const incidents = createIncidents(
      [
        { kind: 'brown_out', accounts: [1], fromMs: 10, toMs: 20, firstToken: 10, decode: 2 },
        { kind: 'errors', accounts: [1], fromMs: 15, toMs: 30, share: 0.5 },
        { kind: 'dead', accounts: [0], fromMs: 0, toMs: 5 },
      ],
      2,
    )
    expect(incidents.ailmentOf(1, 9.9)).toEqual({ dead: false, errorShare: 0, firstToken: 1, decode: 1 })
    expect(incidents.ailmentOf(1, 15)).toEqual({ dead: false, errorShare: 0.5, firstToken: 10, decode: 2 })
    expect(incidents.ailmentOf(1, 20).firstToken).toBe(1)
    expect(incidents.ailmentOf(0, 4).dead).toBe(true)
    expect(incidents.ailmentOf(0, 5).dead).toBe(false)
  })
})

describe('a scenario', () => {
  const scenario: Scenario = {
    name: 'small',
    durationSeconds: 60,
    accounts: { count: 8 },
    workload: { kind: 'agents', load: 0.5 },
  }

  it('has incidents that befall nobody twice by one, and others while there are others', () => {
    const incident = { kind: 'dead', fromSeconds: 1, forSeconds: 1, accounts: 5 } as const
    for (let seed = 1; seed <= 20; seed++) {
      const { incidents } = buildWorld({ ...scenario, incidents: [incident, incident] }, seed, noTraces)
      const [first, second] = incidents.map(({ accounts }) => accounts)
      expect([new Set(first).size, new Set(second).size]).toEqual([5, 5])
      expect(new Set([...first!, ...second!]).size).toBe(8)
    }
  })

  it('is refused when it comes to more requests than a run can hold', () => {
    const accounts = { count: 10_000 }
    expect(() => buildWorld({ ...scenario, durationSeconds: 86_400, accounts }, 1, noTraces)).toThrow(
      /comes to \d+ requests; a run can have 2000000\. Fix: make durationSeconds, /,
    )
  })
})

it('draws accounts of 4, 8 and 16 slots with buckets of 0.55 to 1.45 of what these serve', () => {
  const accounts = drawAccounts(
    { count: 3_000, tokensPerSlotMinute: 1_000, tiers: [0.5, 1] },
    createChance(5, 'pool'),
  )
  expect(new Set(accounts.map(({ slots }) => slots))).toEqual(new Set([4, 8, 16]))
  const shares = accounts.map(({ tokensPerMinute, slots }) => tokensPerMinute / slots / 1_000)
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.55)
  expect(Math.max(...shares)).toBeLessThan(1.45)
  const logs = accounts.map(({ speed }) => Math.log(speed))
  expect(Math.hypot(...logs) / Math.sqrt(logs.length)).toBeCloseTo(0.2, 1)
  expect(accounts.filter(({ priority }) => priority === 0)).toHaveLength(1_500)
})
