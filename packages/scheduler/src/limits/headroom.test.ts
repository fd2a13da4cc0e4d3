import { describe, expect, it } from 'vitest'
import type { Account } from '../model/account.ts'
import type { LimitsNotice } from '../ports.ts'
import { MAX_ENTRIES } from './entries.ts'
import { createHeadroom } from './headroom.ts'

const WALL = 1_767_225_600_000

function setUp() {
  let nowMs = 0
  const raised: string[] = []
  const published: LimitsNotice[] = []
  const headroom = createHeadroom({
    monotonicMs: () => nowMs,
    wallMs: () => WALL + nowMs,
    raised: domain => raised.push(domain),
    changed: () => {},
    publish: notice => published.push(notice),
  })
  return {
    headroom,
    raised,
    published,
    advance(ms: number) {
      nowMs += ms
      headroom.tick(nowMs)
    },
    now: () => nowMs,
  }
}

const a: Account = { id: 'a', order: 0 }
const tokens = (remaining: number, resetMs = 60_000, limit?: number) => ({
  tokens: { remaining, resetMs, ...(limit === undefined ? {} : { limit }) },
})
const requests = (remaining: number, resetMs = 60_000, limit?: number) => ({
  requests: { remaining, resetMs, ...(limit === undefined ? {} : { limit }) },
})

describe('what is left of a limit', () => {
  it('is not known, and in nobody’s way, until an upstream says it', () => {
    const { headroom } = setUp()
    expect([headroom.known, headroom.mayBar(1e9), headroom.covers(a, 'm', 1e9)]).toEqual([false, false, true])
    expect(headroom.reserve(a, 'm', 100, 1)).toBeUndefined()
  })

  it('bars what it cannot cover, until the reset', () => {
    const { headroom, advance } = setUp()
    headroom.report(a, 'm', tokens(500, 10_000), 1, 0)
    expect([headroom.covers(a, 'm', 500), headroom.covers(a, 'm', 501)]).toEqual([true, false])
    expect([headroom.mayBar(500), headroom.mayBar(501)]).toEqual([false, true])
    expect([headroom.freeAtMs(a, 'm', 501), headroom.nextDueMs]).toEqual([10_000, 10_000])
    advance(9_999)
    expect(headroom.covers(a, 'm', 501)).toBe(false)
    advance(1)
    expect([headroom.covers(a, 'm', 501), headroom.known]).toEqual([true, false])
  })

  it('is looked up in all accounts twenty times a second at most, which bars too much rather than too little', () => {
    const { headroom, advance } = setUp()
    headroom.report(a, 'm', tokens(500, 10_000), 1, 0)
    expect(headroom.mayBar(501)).toBe(true)
    headroom.report(a, 'm', tokens(900, 10_000), 2, 0)
    expect(headroom.mayBar(501)).toBe(true)
    advance(49)
    expect([headroom.mayBar(501), headroom.covers(a, 'm', 501)]).toEqual([true, true])
    advance(1)
    expect(headroom.mayBar(501)).toBe(false)
    // What is lower counts at once.
    headroom.report(a, 'm', tokens(500, 10_000), 3, 0)
    expect(headroom.mayBar(501)).toBe(true)
  })

  it('is of a model and a limit domain: aliases of one upstream model share it, other models do not', () => {
    const { headroom } = setUp()
    const mapped: Account = { ...a, models: { x: 'up', y: 'up', z: 'other' }, limitDomain: 'project' }
    const sibling: Account = { id: 'b', order: 1, models: ['up'], limitDomain: 'project' }
    headroom.report(mapped, 'x', requests(0), 1, 0)
    expect(['x', 'y', 'z'].map(model => headroom.covers(mapped, model, 0))).toEqual([false, false, true])
    expect([headroom.covers(sibling, 'up', 0), headroom.covers(a, 'up', 0)]).toEqual([false, true])
  })

  it('is told with what is held back of it', () => {
    const { headroom, advance, now } = setUp()
    headroom.report(a, 'm', tokens(500, 10_000, 1_000), 1, 0)
    headroom.reserve(a, 'm', 200, 2)
    advance(4_000)
    const told = { limit: 1_000, remaining: 500, reserved: 200, resetInMs: 6_000 }
    expect(headroom.of(a, now())).toEqual([{ model: 'm', requests: undefined, tokens: told }])
    expect(headroom.of({ id: 'b', order: 1 }, now())).toEqual([])
  })

  it('keeps a hundredth of a known limit back', () => {
    const { headroom } = setUp()
    headroom.report(a, 'm', tokens(1_000, 60_000, 30_000), 1, 0)
    expect([headroom.covers(a, 'm', 700), headroom.covers(a, 'm', 701)]).toEqual([true, false])
  })

  it('lets a request larger than the whole limit pass a whole window: only the upstream can say no', () => {
    const { headroom } = setUp()
    headroom.report(a, 'm', tokens(1_000, 60_000, 1_000), 1, 0)
    expect(headroom.covers(a, 'm', 5_000)).toBe(true)
    headroom.report(a, 'm', tokens(900, 60_000, 1_000), 2, 0)
    expect(headroom.covers(a, 'm', 5_000)).toBe(false)
  })

  it('ignores negative figures, which some upstreams send for nothing', () => {
    const { headroom } = setUp()
    headroom.report(a, 'm', { tokens: { limit: -1, remaining: -1, resetMs: 0 } }, 1, 0)
    expect(headroom.known).toBe(false)
    headroom.report(a, 'm', tokens(10), 2, 0)
    headroom.report(
      a,
      'm',
      { tokens: { limit: -1, remaining: -1, resetMs: 0 }, requests: { remaining: Number.NaN, resetMs: 1 } },
      3,
      0,
    )
    expect([headroom.covers(a, 'm', 10), headroom.covers(a, 'm', 11)]).toEqual([true, false])
  })

  it('is whole again when an upstream says so', () => {
    const { headroom, raised } = setUp()
    headroom.report(a, 'm', requests(0), 1, 0)
    raised.length = 0
    headroom.report(a, 'm', requests(100, 0, 100), 2, 0)
    expect([headroom.covers(a, 'm', 0), raised]).toEqual([true, ['a']])
  })

  it('dates a reset by when the headers came', () => {
    const { headroom, advance, now } = setUp()
    advance(5_000)
    headroom.report(a, 'm', requests(0, 20_000), 1, now() - 5_000)
    expect(headroom.freeAtMs(a, 'm', 0)).toBe(20_000)
    headroom.report(a, 'm', requests(0, 4_000), 2, 0)
    expect(headroom.freeAtMs(a, 'm', 0)).toBe(0)
  })
})

describe('a reservation', () => {
  it('holds an estimate back, and is corrected by what was used', () => {
    const { headroom } = setUp()
    headroom.report(a, 'm', tokens(1_000), 1, 0)
    const held = headroom.reserve(a, 'm', 900, 2)!
    expect(headroom.covers(a, 'm', 200)).toBe(false)
    headroom.settle(held, { usage: { inputTokens: 100, cachedTokens: 0, outputTokens: 50 } })
    expect([headroom.covers(a, 'm', 850), headroom.covers(a, 'm', 851)]).toEqual([true, false])
  })

  it('is spent when nothing says what was used, and given back when nothing was sent', () => {
    const { headroom } = setUp()
    headroom.report(a, 'm', { ...tokens(1_000), ...requests(2) }, 1, 0)
    headroom.settle(headroom.reserve(a, 'm', 400, 2)!, { usage: undefined })
    headroom.settle(headroom.reserve(a, 'm', 400, 3)!, undefined)
    expect([headroom.covers(a, 'm', 600), headroom.covers(a, 'm', 601)]).toEqual([true, false])
    headroom.settle(headroom.reserve(a, 'm', 0, 4)!, { usage: undefined })
    expect(headroom.covers(a, 'm', 0)).toBe(false)
  })

  it('ends with headers that count it: those of its own request or of a later one', () => {
    const { headroom } = setUp()
    headroom.report(a, 'm', tokens(1_000), 1, 0)
    const held = [2, 3, 4].map(grant => headroom.reserve(a, 'm', 300, grant)!)
    headroom.report(a, 'm', tokens(400), 3, 0)
    expect([headroom.covers(a, 'm', 100), headroom.covers(a, 'm', 101)]).toEqual([true, false])
    for (const each of held.slice(0, 2)) headroom.settle(each, { usage: undefined })
    expect(headroom.covers(a, 'm', 100)).toBe(true)
  })

  it('is not undone by headers older than those heard', () => {
    const { headroom } = setUp()
    headroom.report(a, 'm', tokens(100), 5, 0)
    headroom.report(a, 'm', tokens(9_000), 4, 0)
    expect(headroom.covers(a, 'm', 101)).toBe(false)
  })

  it('makes a limit hold through the next window, although nobody has reported since', () => {
    const { headroom, advance } = setUp()
    headroom.report(a, 'm', requests(1, 10_000, 3), 1, 0)
    headroom.reserve(a, 'm', 0, 2)
    expect(headroom.covers(a, 'm', 0)).toBe(false)
    advance(10_000)
    for (let grant = 3; grant < 6; grant++) headroom.reserve(a, 'm', 0, grant)
    expect(headroom.covers(a, 'm', 0)).toBe(false)
    advance(10_000)
    expect(headroom.covers(a, 'm', 0)).toBe(true)
    advance(10_000)
    expect(headroom.known).toBe(false)
  })

  it('of tokens outlives a reset of requests', () => {
    const { headroom, advance } = setUp()
    headroom.report(a, 'm', { ...tokens(1_000), ...requests(1, 500, 5) }, 1, 0)
    const held = headroom.reserve(a, 'm', 900, 2)!
    advance(500)
    expect(headroom.covers(a, 'm', 200)).toBe(false)
    headroom.settle(held, { usage: undefined })
    expect([headroom.covers(a, 'm', 100), headroom.covers(a, 'm', 101)]).toEqual([true, false])
  })
})

describe('a bucket that refills evenly', () => {
  // A limit a minute, and a reset that says when it is full: (limit - remaining) / limit x 60 s.
  const bucket = (remaining: number, limit: number) =>
    tokens(remaining, (60_000 * (limit - remaining)) / limit, limit)

  it('is known by its reset, and lets pass what has flowed back by then', () => {
    const { headroom, advance } = setUp()
    headroom.report(a, 'm', bucket(0, 6_000), 1, 0)
    // A hundred a second, of which sixty stay back.
    expect(headroom.freeAtMs(a, 'm', 1_000)).toBe(10_600)
    advance(10_500)
    expect(headroom.covers(a, 'm', 1_000)).toBe(false)
    advance(250)
    expect(headroom.covers(a, 'm', 1_000)).toBe(true)
  })

  it('is looked at while it refills, so that who waits is told, and not once it is full', () => {
    const { headroom, advance, raised } = setUp()
    headroom.report(a, 'm', bucket(5_900, 6_000), 1, 0)
    expect(headroom.nextDueMs).toBe(250)
    expect(headroom.covers(a, 'm', 5_930)).toBe(false)
    raised.length = 0
    advance(250)
    expect(raised).toEqual(['a'])
    for (let step = 0; step < 5; step++) advance(250)
    expect([headroom.known, headroom.nextDueMs]).toEqual([false, Number.POSITIVE_INFINITY])
  })

  it('is nobody’s concern while it refills where nobody was too large for it, and each time for who still is', () => {
    const { headroom, advance, raised } = setUp()
    const full: Account = { id: 'full', order: 1 }
    for (const account of [a, full]) headroom.report(account, 'm', bucket(1_000, 6_000), 1, 0)
    raised.length = 0
    for (let step = 0; step < 4; step++) {
      expect(headroom.covers(a, 'm', 500)).toBe(true)
      expect(headroom.covers(full, 'm', 4_000)).toBe(false)
      advance(250)
    }
    expect(raised).toEqual(['full', 'full', 'full', 'full'])
    advance(250)
    expect(raised).toHaveLength(4)
  })

  it('keeps what is under way held back when it is full', () => {
    const { headroom, advance } = setUp()
    headroom.report(a, 'm', bucket(5_000, 6_000), 1, 0)
    const held = headroom.reserve(a, 'm', 4_000, 2)!
    advance(60_000)
    expect([headroom.covers(a, 'm', 1_940), headroom.covers(a, 'm', 1_941)]).toEqual([true, false])
    headroom.settle(held, { usage: { inputTokens: 3_000, cachedTokens: 0, outputTokens: 0 } })
    expect([headroom.covers(a, 'm', 2_940), headroom.covers(a, 'm', 2_941)]).toEqual([true, false])
    advance(10_000)
    expect(headroom.covers(a, 'm', 3_940)).toBe(true)
  })

  it('may be one of a day', () => {
    const { headroom, advance } = setUp()
    headroom.report(a, 'm', requests(0, 86_400_000, 200), 1, 0)
    expect(headroom.freeAtMs(a, 'm', 0)).toBe(3 * 432_000)
    advance(3 * 432_000 + 250)
    expect(headroom.covers(a, 'm', 0)).toBe(true)
  })

  it('is none when its reset says otherwise: such a window comes back whole', () => {
    const { headroom, advance } = setUp()
    headroom.report(a, 'm', tokens(0, 30_000, 6_000), 1, 0)
    expect(headroom.freeAtMs(a, 'm', 1)).toBe(30_000)
    advance(29_999)
    expect(headroom.covers(a, 'm', 1)).toBe(false)
  })
})

describe('the ledger', () => {
  it('is bounded, whatever models clients make up', () => {
    const { headroom } = setUp()
    for (let i = 0; i < MAX_ENTRIES + 500; i++) headroom.report(a, `m${i}`, requests(0), 1, 0)
    expect(headroom.size).toBe(MAX_ENTRIES)
    expect([headroom.covers(a, 'm0', 0), headroom.covers(a, `m${MAX_ENTRIES}`, 0)]).toEqual([true, false])
  })

  it('tells others once a second, and more often when little is left', () => {
    const { headroom, published, advance } = setUp()
    for (let grant = 1; grant <= 30; grant++) {
      headroom.report(a, 'm', tokens(5_000, 60_000, 10_000), grant, 0)
      advance(100)
    }
    expect(published).toHaveLength(3)
    expect(published[0]).toEqual({
      kind: 'limits',
      account: 'a',
      model: 'm',
      tokens: { limit: 10_000, remaining: 5_000, resetAtMs: WALL + 60_000 },
    })
    headroom.report(a, 'm', tokens(500, 60_000, 10_000), 31, 0)
    expect(published).toHaveLength(4)
  })

  it('takes over what others were told', () => {
    const { headroom } = setUp()
    const { headroom: there, published } = setUp()
    there.report(a, 'm', requests(0, 7_000), 1, 0)
    headroom.heard(a, published[0]!)
    expect(headroom.freeAtMs(a, 'm', 0)).toBe(7_000)
    headroom.forget(a)
    expect(headroom.known).toBe(false)
  })
})
