import { describe, expect, it } from 'vitest'
import { adaptiveProfile } from './adaptive.ts'
import { balancedProfile } from './balanced.ts'
import { classicProfile } from './classic.ts'
import { loadAwareProfile } from './load-aware.ts'
import type { ProfileOptions } from './options.ts'
import { PROFILES } from './shipped.ts'

describe.each([classicProfile, balancedProfile])('weights of %o', profile => {
  it('must be finite, at least 0, and not all 0', () => {
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => profile({ weights: { load: weight } })).toThrow(/The weight load is .+; it must be finite/)
    const zero = { priority: 0, load: 0, queue: 0, errorRate: 0, ttft: 0 }
    expect(() => profile({ weights: zero })).toThrow(/at least one must be positive/)
    expect(() => profile({ weights: { ...zero, ttft: 0.1 } })).not.toThrow()
  })

  it('and K must be a whole number; 0 and none are the default of 7', () => {
    for (const topK of [-1, 1.5, Number.NaN])
      expect(() => profile({ topK })).toThrow(/topK is .+; it must be a whole number/)
    expect([
      profile().picker.topK,
      profile({ topK: 0 }).picker.topK,
      profile({ topK: 3 }).picker.topK,
    ]).toEqual([7, 7, 3])
  })
})

it('costs of adaptive must be finite and at least 0, and its shed time a figure', () => {
  for (const crowdingMs of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => adaptiveProfile({ costs: { crowdingMs } })).toThrow(/The cost crowdingMs is .+; it must be/)
  for (const shedMs of [-1, Number.NaN])
    expect(() => adaptiveProfile({ wait: { pool: { timeoutMs: 1, max: 1, shedMs } } })).toThrow(/shedMs is/)
  expect(() => adaptiveProfile({ costs: { crowdingMs: 0 } })).not.toThrow()
})

describe('an option', () => {
  const rule = { timeoutMs: 1_000, max: 10 }
  const uses: readonly [string, ProfileOptions, string][] = [
    ['weights', { weights: { load: 1 } }, 'classic balanced'],
    ['topK', { topK: 3 }, 'classic balanced adaptive'],
    ['costs', { costs: { cold: 0 } }, 'adaptive'],
    ['turns of tenants', { fairness: 'tenant' }, 'balanced adaptive'],
    ['first come, first served', { fairness: 'fifo' }, 'classic load-aware balanced'],
    ['shares of a queue', { wait: { pool: { ...rule, maxShare: 0.3 } } }, 'balanced adaptive'],
    ['turning away early', { wait: { pool: { ...rule, shedMs: 500 } } }, 'adaptive'],
    ['shares of a sticky queue', { wait: { sticky: { ...rule, maxShare: 0.3 } } }, ''],
    ["turning away early from an owner's queue", { wait: { owner: { ...rule, shedMs: 500 } } }, ''],
  ]

  it.each(uses)('of %s is taken where it does something, and refused elsewhere', (_, options, profiles) => {
    for (const [name, create] of Object.entries(PROFILES)) {
      if (profiles.split(' ').includes(name)) expect(() => create(options), name).not.toThrow()
      else expect(() => create(options), name).toThrow(/ Leave it out\.$/)
    }
  })

  it('of none of the best is none', () => {
    for (const create of Object.values(PROFILES)) expect(() => create({ topK: 0 })).not.toThrow()
  })

  it.each<[ProfileOptions, RegExp]>([
    [
      { wait: { pool: { timeoutMs: Number.NaN, max: 1 } } },
      /^wait\.pool\.timeoutMs is NaN; it must be at least 0\.$/,
    ],
    [{ wait: { owner: { timeoutMs: -1, max: 1 } } }, /^wait\.owner\.timeoutMs is -1; /],
    [{ wait: { sticky: { timeoutMs: 1, max: Number.NaN } } }, /^wait\.sticky\.max is NaN; /],
    [{ sessionTtlMs: Number.NaN }, /^sessionTtlMs is NaN; it must be above 0\.$/],
    [{ ownerTtlMs: 0 }, /^ownerTtlMs is 0; /],
  ])('must be a figure: %o', (options, message) => {
    for (const create of Object.values(PROFILES)) expect(() => create(options)).toThrow(message)
  })
})

describe('the shipped profiles', () => {
  it('go by the names configurations use', () => {
    for (const [name, create] of Object.entries(PROFILES)) expect(create().name).toBe(name)
  })

  it('have the bounds of the design', () => {
    for (const [name, create] of Object.entries(PROFILES)) {
      expect(create().wait).toEqual({
        sticky: { timeoutMs: 45_000, max: 3 },
        pool: { timeoutMs: 30_000, max: 100, ...(name === 'adaptive' ? { shedMs: 10_000 } : {}) },
        owner: { timeoutMs: 45_000, max: 100 },
      })
      expect(create().ownerTtlMs).toBe(30 * 24 * 3_600_000)
      expect(create({ wait: { pool: { timeoutMs: 1, max: 1 } } }).wait.owner.max).toBe(100)
    }
  })

  it('eject failing accounts, all but classic', () => {
    expect(classicProfile().ejection).toBeUndefined()
    for (const create of [loadAwareProfile, balancedProfile])
      expect(create().ejection).toEqual({
        faults: 3,
        backoffMs: 5_000,
        maxBackoffMs: 60_000,
        slowStartMs: 15_000,
      })
  })

  it('keep a session for an hour unless told otherwise', () => {
    for (const create of Object.values(PROFILES)) {
      const ttl = (sessionTtlMs?: number) =>
        create(sessionTtlMs === undefined ? {} : { sessionTtlMs }).affinity.find(
          ({ layer }) => layer === 'session_hash',
        )!.ttlMs
      expect([ttl(), ttl(5)]).toEqual([3_600_000, 5])
    }
  })
})
