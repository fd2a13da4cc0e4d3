import { describe, expect, it } from 'vitest'
import { MAX_IDLE } from './dequeue.ts'
import { tenantFair } from './fair.ts'
import type { Waiter } from './waiter.ts'

function setUp() {
  const line = tenantFair.createLine()
  let sequence = 0
  const enter = (tenant: string, facts: Partial<Waiter> = {}): Waiter => {
    const waiter: Waiter = {
      sequence: ++sequence,
      sinceMs: 0,
      deadlineMs: 1_000,
      target: -1,
      tenant,
      priority: 0,
      cost: 1,
      weight: 1,
      expire() {},
      previous: undefined,
      next: undefined,
      queued: true,
      claiming: false,
      ...facts,
    }
    line.entered(waiter)
    return waiter
  }
  const serve = (mayUse: (waiter: Waiter) => boolean = () => true, nowMs = 0): Waiter | undefined => {
    const chosen = line.next(mayUse, nowMs)
    if (chosen !== undefined) line.left(chosen, 'admitted')
    return chosen
  }
  const serveAll = (count: number) => Array.from({ length: count }, () => serve()?.tenant ?? '-').join('')
  return { line, enter, serve, serveAll }
}

describe('tenantFair', () => {
  it('serves tenants by turns, however many one of them has waiting, each in its order of arrival', () => {
    const { enter, serve } = setUp()
    for (let i = 0; i < 5; i++) enter('a')
    enter('b')
    enter('b')
    const served = Array.from({ length: 7 }, () => serve()!)
    expect(served.map(({ tenant }) => tenant).join('')).toBe('ababaaa')
    expect(served.filter(({ tenant }) => tenant === 'a').map(({ sequence }) => sequence)).toEqual([
      1, 2, 3, 4, 5,
    ])
  })

  it('tells how many have their turn before one more of a tenant', () => {
    const { line, enter } = setUp()
    const ahead = (tenant: string, facts: Partial<Waiter> = {}) =>
      line.ahead({ tenant, priority: 0, weight: 1, ...facts })
    expect(ahead('a')).toBe(0)
    for (let i = 0; i < 9; i++) enter('a')
    for (let i = 0; i < 2; i++) enter('b', { weight: 2 })
    enter('a', { priority: -1 })
    expect(ahead('a')).toBe(9 + 2)
    expect(ahead('b', { weight: 2 })).toBe(2 + 2)
    expect(ahead('c')).toBe(1 + 2)
    expect(ahead('c', { weight: 9 })).toBe(1 + 1)
    expect(ahead('c', { priority: 1 })).toBe(0)
    expect(ahead('c', { priority: -1 })).toBe(11 + 1)
  })

  it('is as many as are then served', () => {
    const { line, enter, serve } = setUp()
    for (let i = 0; i < 12; i++) enter('abc'[i % 3]!, { weight: 1 })
    for (let i = 0; i < 5; i++) enter('d')
    const ahead = line.ahead({ tenant: 'd', priority: 0, weight: 1 })
    const last = enter('d')
    let served = 0
    while (serve() !== last) served++
    expect(Math.abs(served - ahead)).toBeLessThanOrEqual(2)
  })

  it('serves by weight: twice the weight, twice the requests', () => {
    const { enter, serveAll } = setUp()
    for (let i = 0; i < 20; i++) {
      enter('a', { weight: 2 })
      enter('b')
    }
    const served = serveAll(15)
    expect([...served].filter(tenant => tenant === 'a')).toHaveLength(10)
  })

  it('serves by cost: one that costs five counts for five', () => {
    const { enter, serveAll } = setUp()
    for (let i = 0; i < 3; i++) enter('a', { cost: 5 })
    for (let i = 0; i < 12; i++) enter('b')
    expect(serveAll(12)).toBe('abbbbbabbbbb')
  })

  it('lets nobody save up while idle', () => {
    const { enter, serveAll } = setUp()
    for (let i = 0; i < 30; i++) enter('a')
    enter('b')
    serveAll(20)
    for (let i = 0; i < 6; i++) enter('c')
    expect([...serveAll(8)].filter(tenant => tenant === 'c')).toHaveLength(4)
  })

  it('starts a tenant that comes back where everyone is, behind whoever came before it', () => {
    const { enter, serveAll } = setUp()
    for (let i = 0; i < 30; i++) enter('a')
    enter('b')
    serveAll(20)
    enter('c')
    enter('b')
    expect(serveAll(2)).toBe('cb')
  })

  it('lets nobody save up while waiting for an account that others cannot use', () => {
    const { enter, serve } = setUp()
    for (let i = 0; i < 40; i++) enter('a')
    for (let i = 0; i < 10; i++) enter('b')
    for (let i = 0; i < 20; i++) serve(({ tenant }) => tenant === 'a')
    const next = Array.from({ length: 8 }, () => serve()!.tenant)
    expect(next.filter(tenant => tenant === 'b').length).toBeLessThanOrEqual(5)
  })

  it('serves a higher band first, strictly, and takes turns within each', () => {
    const { enter, serveAll } = setUp()
    for (const tenant of ['a', 'a', 'b']) enter(tenant)
    for (const tenant of ['c', 'c', 'd']) enter(tenant, { priority: 1 })
    enter('e', { priority: -1 })
    expect(serveAll(8)).toBe('cdcabae-')
  })

  it('passes the slot on to a lower band when nobody in the higher one can use it', () => {
    const { enter, serve } = setUp()
    enter('a')
    enter('b', { priority: 5 })
    expect(serve(({ tenant }) => tenant === 'a')?.tenant).toBe('a')
  })

  it('prefers the earlier deadline among equals, and never chooses one that is past its own', () => {
    const { enter, serve } = setUp()
    enter('a', { deadlineMs: 900 })
    enter('b', { deadlineMs: 500 })
    enter('c', { deadlineMs: 100 })
    expect(serve(() => true, 100)?.tenant).toBe('b')
    expect(serve(() => true, 899)?.tenant).toBe('a')
    expect(serve(() => true, 899)).toBeUndefined()
  })

  it('counts slots on their way, so that several that free at once do not all go to one tenant', () => {
    const { line, enter } = setUp()
    for (let i = 0; i < 3; i++) enter('a')
    for (let i = 0; i < 3; i++) enter('b')
    const claimed: string[] = []
    for (let i = 0; i < 4; i++) {
      const waiter = line.next(({ claiming }) => !claiming, 0)!
      waiter.claiming = true
      claimed.push(waiter.tenant)
    }
    expect(claimed.join('')).toBe('abab')
  })

  it('forgets tenants that do not wait any more: all when nobody waits, else within its bound', () => {
    const { line, enter, serve } = setUp()
    const never = enter('never')
    for (let i = 0; i < 10 * MAX_IDLE; i++) {
      enter(`t${i}`)
      serve(({ tenant }) => tenant !== 'never')
    }
    expect(line.remembered).toBeLessThanOrEqual(2 * MAX_IDLE + 2)
    line.left(never, 'gone')
    expect(line.remembered).toBe(0)
  })

  it('keeps two that always wait within one request of each other, by cost and weight', () => {
    const { enter, serve } = setUp()
    const given = { a: 0, b: 0 }
    const weight = { a: 3, b: 1 }
    let state = 7
    const cost = () => {
      state = (state * 1103515245 + 12345) % 2147483648
      return 1 + (state % 9)
    }
    for (const tenant of ['a', 'b'] as const) enter(tenant, { cost: cost(), weight: weight[tenant] })
    for (let i = 0; i < 500; i++) {
      const { tenant, cost: paid } = serve()!
      const who = tenant as 'a' | 'b'
      given[who] += paid / weight[who]
      // It waits again at once; the other one never stopped.
      enter(who, { cost: cost(), weight: weight[who] })
      expect(Math.abs(given.a - given.b)).toBeLessThanOrEqual(9 / 3 + 9)
    }
  })
})
