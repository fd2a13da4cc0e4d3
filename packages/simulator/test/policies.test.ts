import type { Columns, Scratch } from '@headgate/scheduler'
import { describe, expect, it } from 'vitest'
import { createChance } from '../src/chance.ts'
import { policyNamed } from '../src/policies/catalogue.ts'
import type { SimulatedRequest, Truth } from '../src/policies/policy.ts'
import { createPrefixIndex } from '../src/policies/prefix-index.ts'
import { twoPlaces } from '../src/policies/two-choices.ts'
import type { Ailment } from '../src/world/incidents.ts'
import { USUAL_LAW } from '../src/world/latency.ts'

const accounts = Array.from({ length: 4 }, (_, place) => ({
  ...{ id: `a${place}`, slots: 8, tokensPerMinute: 1e9, priority: 0, speed: 1, baseMs: 0 },
}))
const request = (prefix: number[] = []): SimulatedRequest => ({
  ...{ model: 'm', prefix, inputTokens: 0, cachedTokens: () => 0 },
})
const well: Ailment = { dead: false, errorShare: 0, firstToken: 1, decode: 1 }

function setUp(name: string, truth: Partial<Truth> = {}) {
  const real = { ailmentOf: () => well, tokensLeft: () => 1e9, ...truth }
  const world = { accounts, truth: real, chance: createChance(1, name), law: USUAL_LAW, nowMs: () => now.ms }
  const now = { ms: 0 }
  const { profile, observer = {} } = policyNamed(name).create(world)
  /** The places in the order of preference, best first. */
  const order = (inUse: number[], prefix: number[] = [], waiting = [0, 0, 0, 0]): number[] => {
    const out = new Float64Array(4)
    const columns = {
      inUse: Int32Array.from(inUse),
      limit: new Int32Array(4).fill(8),
      waiting: Int32Array.from(waiting),
    } as unknown as Columns
    const scratch = { bounds: new Float64Array(8) } as unknown as Scratch
    profile.ranker.rank(request(prefix), Int32Array.of(0, 1, 2, 3), 4, columns, scratch, out)
    return [0, 1, 2, 3].sort((a, b) => out[b]! - out[a]!)
  }
  return { order, observer, now, profile }
}

describe('a published policy prefers', () => {
  it('round-robin: the account after the last one', () => {
    const { order, observer } = setUp('round-robin')
    expect(order([0, 0, 0, 0])).toEqual([0, 1, 2, 3])
    observer.granted?.(2, request())
    expect(order([0, 0, 0, 0])).toEqual([3, 0, 1, 2])
  })

  it('least-loaded: the smallest share of slots in use', () => {
    expect(setUp('least-loaded').order([3, 1, 2, 0])).toEqual([3, 1, 2, 0])
  })

  it('random: each as often as the others', () => {
    const { order } = setUp('random')
    const firsts = [0, 0, 0, 0]
    for (let i = 0; i < 4_000; i++) firsts[order([0, 1, 2, 3])[0]!]!++
    for (const count of firsts) expect(Math.abs(count - 1_000)).toBeLessThan(120)
  })

  it('two-choices: never the most loaded, and the least loaded in half of all draws', () => {
    const { order } = setUp('two-choices')
    const firsts = [0, 0, 0, 0]
    for (let i = 0; i < 4_000; i++) firsts[order([0, 1, 2, 3])[0]!]!++
    expect(firsts[3]).toBe(0)
    expect(Math.abs(firsts[0]! - 2_000)).toBeLessThan(150)
  })

  it('peak-ewma: jumps to a latency above its own at once, and comes down with time', () => {
    const { order, observer, now } = setUp('peak-ewma')
    for (const account of [0, 1, 2, 3]) observer.firstToken?.(account, account === 1 ? 200 : 400, request())
    const firstsOf = () => new Set(Array.from({ length: 100 }, () => order([1, 1, 1, 1])[0]))
    expect(firstsOf().has(1)).toBe(true)
    observer.firstToken?.(1, 4_000, request())
    expect(firstsOf().has(1)).toBe(false)
    now.ms = 60_000
    for (const account of [0, 1, 2, 3]) observer.firstToken?.(account, account === 1 ? 200 : 400, request())
    expect(firstsOf().has(1)).toBe(true)
  })

  it('peak-ewma: takes back an account that nobody asked, because what was heard of it fades', () => {
    const { order, observer, now } = setUp('peak-ewma')
    observer.firstToken?.(1, 4_000, request())
    now.ms = 60_000
    for (const account of [0, 2, 3]) observer.firstToken?.(account, 400, request())
    const firsts = Array.from({ length: 200 }, () => order([1, 1, 1, 1])[0])
    // It wins every pair that it is in, which is half of all.
    expect(Math.abs(firsts.filter(first => first === 1).length - 100)).toBeLessThan(30)
  })

  it('peak-ewma: weighs time by what is in flight, and asks an account that is busy and unknown last', () => {
    const { order, observer } = setUp('peak-ewma')
    for (const account of [0, 1, 2]) observer.firstToken?.(account, account === 0 ? 300 : 400, request())
    const firsts = Array.from({ length: 600 }, () => order([3, 1, 1, 1])[0])
    expect(firsts).not.toContain(3)
    // The fastest wins against the unknown one alone, which is a sixth of all pairs.
    expect(Math.abs(firsts.filter(first => first === 0).length - 100)).toBeLessThan(40)
  })

  it('prequal: the fastest of those that are not hot', () => {
    const { order, observer } = setUp('prequal')
    for (const [account, ms] of [100, 300, 200, 400].entries()) observer.firstToken?.(account, ms, request())
    expect(order([7, 1, 1, 1])[0]).toBe(2)
    expect(order([1, 1, 1, 1])[0]).toBe(0)
    // Where all are full, the one least in use; and one slow answer moves an account by a fifth of the difference.
    expect(order([8, 8, 8, 8].map((use, place) => use + place))[0]).toBe(0)
    observer.firstToken?.(0, 500, request())
    expect(order([1, 1, 1, 1])[0]).toBe(0)
    observer.firstToken?.(0, 900, request())
    expect(order([1, 1, 1, 1])[0]).toBe(2)
  })

  it('sglang: who knows most of the prompt, unless loads are far apart', () => {
    const { order, observer } = setUp('sglang')
    observer.granted?.(2, request([1, 2, 3, 4]))
    expect(order([0, 0, 4, 0], [1, 2, 3, 9])[0]).toBe(2)
    expect(order([0, 0, 4, 0], [1, 7, 8, 9])[0]).not.toBe(2)
  })

  it('sglang: the least loaded when loads are more than eight slots of eight apart, and else the smallest tree', () => {
    const { order, observer } = setUp('sglang')
    observer.granted?.(2, request([1, 2, 3, 4]))
    observer.granted?.(3, request([5, 6]))
    expect(order([1, 0, 10, 1], [1, 2, 3, 4])[0]).toBe(1)
    expect(order([1, 0, 8, 1], [1, 2, 3, 4])[0]).toBe(2)
    expect(order([1, 1, 1, 1], [7, 8, 9]).slice(2)).toEqual([3, 2])
  })

  it('llm-d: 3 for the prefix against 2 for slots in use', () => {
    const { order, observer } = setUp('llm-d')
    observer.granted?.(1, request([1, 2, 3, 4]))
    expect(order([0, 8, 0, 0], [1, 2, 3, 4])[0]).toBe(1)
    expect(order([0, 8, 0, 0], [1, 2, 8, 9])[0]).not.toBe(1)
  })

  it('llm-d: 2 for a short queue, shared out between the least waiting and the most', () => {
    const { order, observer } = setUp('llm-d')
    observer.granted?.(1, request([1, 2, 3, 4]))
    const prefix = [1, 2, 3, 9]
    expect(order([0, 0, 0, 0], prefix, [0, 4, 4, 4])[0]).toBe(1)
    expect(order([0, 2, 0, 0], prefix, [0, 4, 4, 4])[0]).toBe(0)
  })
})

it('an oracle knows at once who is dead, ill or out of tokens', () => {
  const ill: Ailment[] = [
    { ...well, dead: true },
    { ...well, firstToken: 10 },
    well,
    { ...well, errorShare: 0.5 },
  ]
  expect(setUp('oracle', { ailmentOf: account => ill[account]! }).order([0, 0, 0, 0])).toEqual([2, 3, 1, 0])
  const { order } = setUp('oracle', { tokensLeft: account => (account === 1 ? 1e9 : -1) })
  expect(order([0, 0, 0, 0])[0]).toBe(1)
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
  expect([...index.matched([1, 2, 9])]).toEqual([2, 1])
  expect([index.size(0), index.size(1)]).toEqual([3, 1])
  index.add(1, [5], 1_000)
  expect([...index.matched([1, 2, 3])]).toEqual([3, 1])
  index.add(1, [6], 2_000)
  expect([...index.matched([1, 2, 3])]).toEqual([0, 0])
})
