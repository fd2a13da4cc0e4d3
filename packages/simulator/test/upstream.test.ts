import { describe, expect, it } from 'vitest'
import { createIncidents, type Incident } from '../src/world/incidents.ts'
import { decodeMs, firstTokenMs } from '../src/world/latency.ts'
import { createPrefixCache } from '../src/world/prefix-cache.ts'
import { createUpstream, type Prompt } from '../src/world/upstream.ts'

const account = { id: 'a', slots: 2, tokensPerMinute: 60_000, priority: 0, speed: 1, baseMs: 200 }

function setUp(incidents: readonly Incident[] = [], backgroundErrors = 0) {
  return createUpstream([account], {
    ...{ seed: 1, wallStartMs: 1_000_000, backgroundErrors },
    incidents: createIncidents(incidents, 1),
  })
}

let serial = 0
function prompt(inputTokens = 1_000, cache = createPrefixCache()): Prompt {
  return { serial: serial++, inputTokens, outputTokens: 100, blocks: [0, 1], cache }
}

describe('an account of the world', () => {
  it('has no slot more than it has', () => {
    const upstream = setUp()
    upstream.begin(0, prompt(), 1, 0)
    upstream.begin(0, prompt(), 1, 0)
    expect(() => upstream.begin(0, prompt(), 1, 0)).toThrow('a is over its limit of 2 slots')
    upstream.end(0)
    upstream.end(0)
    expect(upstream.inUse(0)).toBe(1)
  })

  it('serves by the formula, times luck that belongs to the request', () => {
    const one = prompt()
    const replies = [setUp(), setUp()].map(upstream => upstream.begin(0, one, 1, 0))
    expect(replies[0]).toEqual(replies[1])
    const ratios = Array.from({ length: 2_000 }, () => {
      const upstream = setUp()
      const reply = upstream.begin(0, prompt(), 1, 0)
      return reply.afterMs / firstTokenMs(account, { uncached: 1_000, cached: 0 }, 0.5)
    })
    const middle = ratios.sort((a, b) => a - b)[1_000]!
    expect(Math.abs(middle - 1)).toBeLessThan(0.04)
  })

  it('reads from its cache what it read before', () => {
    const upstream = setUp()
    const cache = createPrefixCache()
    const first = prompt(1_024, cache)
    upstream.begin(0, first, 1, 0)
    expect(upstream.firstToken(0, first, 500)).toBe(decodeMs(100, 0.5))
    upstream.end(0)
    expect(upstream.begin(0, prompt(1_400, cache), 1, 1_000)).toMatchObject({ cachedTokens: 1_024 })
  })

  it('refuses when its bucket is empty, and says until when', () => {
    const upstream = setUp()
    upstream.begin(0, prompt(59_000), 1, 0)
    upstream.end(0)
    expect(upstream.tokenWindow(0, 0)).toEqual({ limit: 60_000, remaining: 900, resetMs: 59_100 })
    expect(upstream.begin(0, prompt(1_900), 1, 0)).toEqual({
      ...{ kind: 'fails', afterMs: 50 },
      outcome: { kind: 'rate_limited', untilMs: 1_000_000 + 1_100 },
    })
  })

  it('fails at once while it is dead, and slowly nowhere', () => {
    const upstream = setUp([{ kind: 'dead', accounts: [0], fromMs: 0, toMs: 10 }])
    expect(upstream.begin(0, prompt(), 1, 9)).toMatchObject({
      afterMs: 150,
      outcome: { kind: 'transport_error' },
    })
    expect(upstream.begin(0, prompt(), 1, 10).kind).toBe('serves')
  })

  it('spends a quota, and is out of it until it ends', () => {
    const upstream = setUp([{ kind: 'quota', accounts: [0], fromMs: 0, toMs: 90_000, tokens: 2_000 }])
    expect(upstream.begin(0, prompt(), 1, 0).kind).toBe('serves')
    expect(upstream.begin(0, prompt(), 1, 0)).toMatchObject({
      outcome: { kind: 'quota_exhausted', untilMs: 1_090_000 },
    })
  })

  it('fails as often as told', () => {
    const failed = Array.from({ length: 4_000 }, () => setUp([], 0.25).begin(0, prompt(), 1, 0)).filter(
      ({ kind }) => kind === 'fails',
    )
    expect(Math.abs(failed.length / 4_000 - 0.25)).toBeLessThan(0.03)
  })
})
