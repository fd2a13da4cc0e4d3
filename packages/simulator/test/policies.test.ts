import type { Columns, Scratch } from '@headgate/scheduler'
import { describe, expect, it } from 'vitest'
import { createChance } from '../src/chance.ts'
import { policyNamed } from '../src/policies/catalogue.ts'
import type { PolicyWorld, SimulatedRequest, Truth } from '../src/policies/policy.ts'
import { createPrefixIndex } from '../src/policies/prefix-index.ts'
import { twoPlaces } from '../src/policies/two-choices.ts'
import type { Ailment } from '../src/world/incidents.ts'
import { USUAL_LAW } from '../src/world/latency.ts'

const many = (count: number) =>
  Array.from({ length: count }, (_, place) => ({
    ...{ id: `a${place}`, slots: 8, tokensPerMinute: 1e9, priority: 0, speed: 1, baseMs: 0 },
  }))
const request = (prefix: number[] = [], more: Partial<SimulatedRequest> = {}): SimulatedRequest => ({
  ...{ model: 'm', prefix, inputTokens: 0, cachedTokens: () => 0 },
  ...more,
})
const well: Ailment = { dead: false, errorShare: 0, firstToken: 1, decode: 1 }

/** What a policy sees of accounts, beside what is in use: default limits of 8, nobody waits, an unknown prompt. */
interface Seen {
  readonly limit?: readonly number[]
  readonly waiting?: readonly number[]
  readonly request?: SimulatedRequest
}

function setUp(name: string, truth: Partial<Truth> = {}, accounts: PolicyWorld['accounts'] = many(4)) {
  const real = { ailmentOf: () => well, tokensLeft: () => 1e9, ...truth }
  const now = { ms: 0 }
  const world = { accounts, truth: real, chance: createChance(1, name), law: USUAL_LAW, nowMs: () => now.ms }
  const { profile, observer = {} } = policyNamed(name).create(world)
  const places = accounts.map((_, place) => place)
  const eight = places.map(() => 8)
  const none = places.map(() => 0)
  /** The places in the order of preference, best first. */
  const order = (inUse: readonly number[], seen: Seen = {}): number[] => {
    const out = new Float64Array(places.length)
    const columns = {
      inUse: Int32Array.from(inUse),
      limit: Int32Array.from(seen.limit ?? eight),
      waiting: Int32Array.from(seen.waiting ?? none),
    } as unknown as Columns
    const scratch = { bounds: new Float64Array(8) } as unknown as Scratch
    const asked = seen.request ?? request()
    profile.ranker.rank(asked, Int32Array.from(places), places.length, columns, scratch, out)
    return places.toSorted((a, b) => out[b]! - out[a]!)
  }
  /** How often each place comes first in so many draws. */
  const firsts = (draws: number, inUse: readonly number[], seen?: Seen): number[] => {
    const counts = [...none]
    for (let i = 0; i < draws; i++) counts[order(inUse, seen)[0]!]!++
    return counts
  }
  /** First tokens of accounts by place, after so many milliseconds each. */
  const heard = (...ms: readonly number[]) => {
    for (const [account, each] of ms.entries()) observer.firstToken?.(account, each, request())
  }
  return { order, firsts, heard, observer, now, profile }
}

const about = (count: number, expected: number, off: number) =>
  expect(Math.abs(count - expected)).toBeLessThan(off)

describe('a published policy prefers', () => {
  it('round-robin: the account after the last one', () => {
    const { order, observer } = setUp('round-robin')
    expect(order([0, 0, 0, 0])).toEqual([0, 1, 2, 3])
    observer.granted?.(2, request())
    expect(order([0, 0, 0, 0])).toEqual([3, 0, 1, 2])
    observer.granted?.(3, request())
    expect(order([0, 0, 0, 0])).toEqual([0, 1, 2, 3])
  })

  it('random: each as often as the others', () => {
    for (const count of setUp('random').firsts(4_000, [0, 1, 2, 3])) about(count, 1_000, 120)
  })

  it('least-loaded: the smallest share of slots in use, equal ones by chance', () => {
    const { order, firsts } = setUp('least-loaded')
    expect(order([3, 1, 2, 0])).toEqual([3, 1, 2, 0])
    expect(order([3, 2, 2, 3], { limit: [16, 8, 4, 4] })).toEqual([0, 1, 2, 3])
    for (const count of firsts(4_000, [2, 2, 2, 2])) about(count, 1_000, 120)
  })

  it('two-choices: the smaller share of two, so never the largest, and the smallest in half of all draws', () => {
    const { firsts } = setUp('two-choices')
    const counts = firsts(4_000, [2, 3, 2, 3], { limit: [16, 16, 8, 8] })
    expect(counts[3]).toBe(0)
    about(counts[0]!, 2_000, 150)
    about(counts[1]!, 1_333, 150)
    about(counts[2]!, 667, 120)
  })

  it('peak-ewma: jumps to a latency above its own at once, and comes down with time', () => {
    const { heard, firsts, observer, now } = setUp('peak-ewma')
    heard(400, 200, 400, 400)
    expect(firsts(100, [1, 1, 1, 1])[1]).toBeGreaterThan(0)
    observer.firstToken?.(1, 4_000, request())
    expect(firsts(100, [1, 1, 1, 1])[1]).toBe(0)
    now.ms = 60_000
    heard(400, 200, 400, 400)
    expect(firsts(100, [1, 1, 1, 1])[1]).toBeGreaterThan(0)
  })

  it('peak-ewma: forgets by a factor of e in 10 s', () => {
    const { firsts, observer, now } = setUp('peak-ewma')
    observer.firstToken?.(0, 1_000, request())
    now.ms = 10_000
    for (const [place, ms] of [380, 355, 350].entries()) observer.firstToken?.(place + 1, ms, request())
    // 1,000 ms has come down to 368: it wins one pair of six, and who has 380 none.
    const counts = firsts(600, [1, 1, 1, 1])
    about(counts[0]!, 100, 40)
    expect(counts[1]).toBe(0)
  })

  it('peak-ewma: takes back an account that nobody asked, because what was heard of it fades', () => {
    const { firsts, observer, now } = setUp('peak-ewma')
    observer.firstToken?.(1, 4_000, request())
    now.ms = 60_000
    for (const account of [0, 2, 3]) observer.firstToken?.(account, 400, request())
    // It wins every pair that it is in, which is half of all.
    about(firsts(200, [1, 1, 1, 1])[1]!, 100, 30)
  })

  it('peak-ewma: weighs time by what is in flight, and asks an account that is busy and unknown last', () => {
    const { firsts, heard } = setUp('peak-ewma')
    heard(300, 400, 400)
    const counts = firsts(600, [3, 1, 1, 1])
    expect(counts[3]).toBe(0)
    // The fastest wins against the unknown one alone, which is a sixth of all pairs.
    about(counts[0]!, 100, 40)
    // Of twice the slots, three in flight are one and a half: 300 ms x 2.5 is less than 400 ms x 2.
    about(firsts(600, [3, 1, 1, 1], { limit: [16, 8, 8, 8] })[0]!, 300, 60)
  })

  it('peak-ewma: tries an account that is idle and unknown before all others', () => {
    const { firsts, heard } = setUp('peak-ewma')
    heard(100, 100, 100)
    about(firsts(600, [0, 0, 0, 0])[3]!, 300, 60)
  })

  it('prequal: the fastest of those that are not hot', () => {
    const { order, heard } = setUp('prequal')
    heard(100, 300, 200, 400)
    expect(order([7, 1, 1, 1])[0]).toBe(2)
    expect(order([7, 6, 6, 6], { limit: [32, 8, 8, 8] })[0]).toBe(0)
    expect(order([1, 1, 1, 1])).toEqual([0, 2, 1, 3])
  })

  it('prequal: of seven the one most in use is hot, and no other', () => {
    const { order, heard } = setUp('prequal', {}, many(7))
    heard(100, 200, 300, 400, 500, 600, 700)
    expect(order([6, 5, 4, 3, 2, 1, 0])[0]).toBe(1)
  })

  it('prequal: the one least in use where all are full', () => {
    const { order, heard } = setUp('prequal')
    heard(100, 200, 300, 400)
    expect(order([11, 10, 9, 8])).toEqual([3, 2, 1, 0])
  })

  it('prequal: is moved a fifth of the way by one answer', () => {
    const { order, heard, observer } = setUp('prequal')
    heard(100, 300, 250, 400)
    observer.firstToken?.(0, 500, request())
    expect(order([1, 1, 1, 1])[0]).toBe(0)
    observer.firstToken?.(0, 900, request())
    expect(order([1, 1, 1, 1])[0]).toBe(2)
  })

  it('prequal: looks at sixteen and no more', () => {
    const { firsts, heard } = setUp('prequal', {}, many(64))
    heard(...many(64).map((_, place) => 100 + place))
    const counts = firsts(1_000, new Array(64).fill(1))
    about(counts[0]!, 250, 60)
  })

  it('sglang: who knows most of the prompt, if that is more than 30 % of it', () => {
    const { order, observer } = setUp('sglang')
    observer.granted?.(2, request([1, 2, 3, 4]))
    observer.granted?.(3, request([1, 2]))
    const asks = (...prefix: number[]) => ({ request: request(prefix) })
    expect(order([0, 0, 4, 0], asks(1, 2, 3, 9)).slice(0, 2)).toEqual([2, 3])
    expect(order([1, 0, 4, 1], asks(1, 2, 3, 4, 5, 6, 7, 8, 9))[0]).toBe(2)
    expect(order([1, 0, 4, 1], asks(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14))[0]).toBe(1)
  })

  it('sglang: the smallest share of slots in use where nobody knows the prompt, or loads are far apart', () => {
    const { order, observer } = setUp('sglang')
    observer.granted?.(2, request([1, 2, 3, 4]))
    const known = request([1, 2, 3, 4])
    expect(order([2, 1, 1, 3], { limit: [16, 4, 16, 8], request: request([7]) })).toEqual([2, 0, 1, 3])
    // More than eight apart, and more than one and a half times.
    expect(order([1, 0, 10, 1], { request: known })[0]).toBe(1)
    expect(order([1, 0, 8, 1], { request: known })[0]).toBe(2)
    expect(order([21, 20, 30, 21], { request: known })[0]).toBe(2)
    expect(order([21, 19, 30, 21], { request: known })[0]).toBe(1)
    expect(order([2, 0, 20, 2], { limit: [8, 8, 32, 8], request: known })[0]).toBe(2)
  })

  it('llm-d: 3 for the prefix against 2 for slots in use', () => {
    const { order, observer } = setUp('llm-d')
    observer.granted?.(1, request([1, 2, 3, 4]))
    const asks = (...prefix: number[]) => ({ request: request(prefix) })
    expect(order([0, 8, 0, 0], asks(1, 2, 3, 4))[0]).toBe(1)
    expect(order([0, 7, 0, 0], asks(1, 2, 8, 9))[0]).not.toBe(1)
    expect(order([0, 5, 0, 0], asks(1, 2, 8, 9))[0]).toBe(1)
    expect(order([0, 5, 0, 0], { ...asks(1, 2, 8, 9), limit: [8, 6, 8, 8] })[0]).not.toBe(1)
  })

  it('llm-d: 2 for a short queue, shared out between the least waiting and the most', () => {
    const { order, observer } = setUp('llm-d')
    observer.granted?.(1, request([1, 2, 3, 4]))
    const seen = { request: request([1, 2, 3, 9]), waiting: [2, 6, 6, 6] }
    expect(order([0, 0, 0, 0], seen)[0]).toBe(1)
    expect(order([0, 2, 0, 0], seen)[0]).toBe(0)
    expect(order([0, 2, 0, 0], { ...seen, waiting: [2, 4, 6, 6] })[0]).toBe(1)
  })

  it('llm-d: equal ones by chance', () => {
    for (const count of setUp('llm-d').firsts(4_000, [2, 2, 2, 2])) about(count, 1_000, 120)
  })
})

describe('an oracle knows at once', () => {
  it('who is slow where accounts have no token limit, as in a replay', () => {
    const unlimited = Number.POSITIVE_INFINITY
    const ailmentOf = (account: number) => (account === 0 ? { ...well, firstToken: 10 } : well)
    const pool = many(4).map(account => ({ ...account, tokensPerMinute: unlimited }))
    const { order } = setUp('oracle', { ailmentOf, tokensLeft: () => unlimited }, pool)
    expect(order([0, 3, 2, 1])).toEqual([3, 2, 1, 0])
  })

  it('who is dead, ill, sure to fail or out of tokens', () => {
    const illOf = (...ill: Ailment[]) => ({ ailmentOf: (account: number) => ill[account]! })
    const ill = illOf({ ...well, dead: true }, { ...well, firstToken: 10 }, well, {
      ...well,
      errorShare: 0.5,
    })
    expect(setUp('oracle', ill).order([0, 0, 0, 0])).toEqual([2, 3, 1, 0])
    const failing = illOf(
      { ...well, dead: true },
      { ...well, errorShare: 1 },
      { ...well, errorShare: 0.9 },
      { ...well, errorShare: 0.1 },
    )
    expect(setUp('oracle', failing).order([0, 0, 0, 0])).toEqual([3, 2, 1, 0])
    const { order } = setUp('oracle', { tokensLeft: account => (account === 1 ? 1e9 : -1) })
    expect(order([0, 0, 0, 0])[0]).toBe(1)
  })

  it('how fast each is, what it has cached, how loaded it is and what is left of its limit', () => {
    const speeds = [1.2, 0.8, 1, 1.4]
    const unlike = many(4).map((account, place) => ({ ...account, speed: speeds[place]! }))
    expect(setUp('oracle', {}, unlike).order([0, 0, 0, 0])).toEqual([1, 2, 0, 3])
    const { order } = setUp('oracle')
    expect(order([3, 1, 5, 0])).toEqual([3, 1, 0, 2])
    const cached = [0, 4_000, 8_000, 2_000]
    const asked = request([], { inputTokens: 8_000, cachedTokens: account => cached[account]! })
    expect(order([0, 0, 0, 0], { request: asked })).toEqual([2, 1, 3, 0])
    const fast = (...factors: number[]) =>
      setUp(
        'oracle',
        {},
        many(4).map((account, place) => ({ ...account, speed: factors[place]! })),
      )
    // By time alone the full one, and the one that has to read it all, would be first.
    expect(fast(0.8, 1.25, 1.25, 1.25).order([7, 0, 0, 0])[0]).not.toBe(0)
    const warm = {
      request: request([], { inputTokens: 8_000, cachedTokens: account => (account === 0 ? 8_000 : 0) }),
    }
    expect(fast(3.3, 1, 2, 2).order([0, 0, 0, 0], warm)[0]).toBe(0)
    const left = [2e8, 1e9, 1e8, 5e7]
    const spent = setUp('oracle', { tokensLeft: account => left[account]! })
    expect(spent.order([0, 0, 0, 0], { request: request([], { inputTokens: 1_000 }) })).toEqual([1, 0, 2, 3])
  })
})

it('serves with the best that is free, else waits in one queue without a bound for 30 s, and has no affinity of its own', () => {
  const { profile } = setUp('llm-d')
  expect(profile.affinity).toEqual([])
  expect(profile.limits).toBe('ignore')
  expect(profile.picker).toMatchObject({ name: 'weighted-random', topK: 1 })
  expect(profile.wait.pool).toEqual({ timeoutMs: 30_000, max: Number.MAX_SAFE_INTEGER })
})

it('ejects as Envoy does in the variant that says so, and in no other', () => {
  expect(setUp('random+ejection').profile.ejection).toMatchObject({ faults: 5, backoffMs: 30_000 })
  expect(setUp('random').profile.ejection).toBeUndefined()
})

it('hedges as adaptive, within 3 % of requests, and has the ablation that does not', () => {
  expect(policyNamed('adaptive').hedgeBudget).toBe(0.03)
  expect(policyNamed('adaptive:no-hedge').hedgeBudget).toBe(0)
  expect(policyNamed('balanced').hedgeBudget).toBeUndefined()
  expect(() => policyNamed('adaptive+hedge')).toThrow(RangeError)
})

it('refuses a policy it does not know, and names those it does', () => {
  expect(() => policyNamed('fastest')).toThrow(/There is no policy "fastest"; the policies are classic, /)
})

it('takes two different places, each pair as likely', () => {
  const chance = createChance(1, 'pairs')
  const pairs = new Map<string, number>()
  for (let i = 0; i < 6_000; i++) {
    const pair = [...twoPlaces(3, chance)].sort().join()
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
  }
  expect([...pairs.keys()].sort()).toEqual(['0,1', '0,2', '1,2'])
  for (const count of pairs.values()) expect(Math.abs(count - 2_000)).toBeLessThan(200)
})

it('knows of prompts what was sent where, for a while', () => {
  const index = createPrefixIndex(2, 1_000)
  index.add(0, [1, 2, 3], 0)
  index.add(1, [1], 0)
  expect([...index.matched([1, 2, 9], 0)]).toEqual([2, 1])
  // Who knows a block knows nothing of a prompt whose beginning is another.
  index.add(1, [3], 0)
  expect([...index.matched([1, 2, 3], 0)]).toEqual([3, 1])
  index.add(1, [5], 1_000)
  expect([...index.matched([1, 2, 3], 1_000)]).toEqual([3, 1])
  index.add(1, [6], 2_000)
  expect([...index.matched([1, 2, 3], 2_000)]).toEqual([0, 0])
  // Neither does it after a lull in which nothing was sent.
  expect([...index.matched([6], 2_500)]).toEqual([0, 1])
  expect([...index.matched([6], 4_000)]).toEqual([0, 0])
})
