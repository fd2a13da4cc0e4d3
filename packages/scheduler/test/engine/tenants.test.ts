import { describe, expect, it } from 'vitest'
import { balancedProfile, classicProfile, type Lease, type ScheduleRequest } from '../../src/index.ts'
import { type Asked, ask, createGate, createWorld, settled } from './world.ts'

const one = [{ id: 'a', concurrency: 1 }]
const of = (tenant: string, facts: Partial<ScheduleRequest> = {}): ScheduleRequest => ({
  model: 'm',
  tenant,
  ...facts,
})
const waits = ({ lease, error }: Asked) => lease === undefined && error === undefined
const queueOf = (max: number, maxShare?: number) => ({
  pool: { timeoutMs: 30_000, max, ...(maxShare === undefined ? {} : { maxShare }) },
})

describe('waiting by turns', () => {
  async function order(fairness: 'fifo' | 'tenant') {
    const profile = balancedProfile({ fairness, wait: queueOf(100, 1) })
    const { scheduler } = createWorld({ accounts: one, profile })
    let lease: Lease | undefined = await scheduler.acquire(of('x'))
    const asked = [...'xxxxxxyy'].map(tenant => ({ tenant, asked: ask(scheduler, of(tenant)) }))
    let served = ''
    for (let i = 0; i < asked.length; i++) {
      lease?.[Symbol.dispose]()
      await settled()
      const next = asked.find(({ asked: { lease: held } }) => held?.held)!
      lease = next.asked.lease
      served += next.tenant
    }
    return served
  }

  it('is what balanced does when told so; else it serves the oldest first', async () => {
    expect(await order('tenant')).toBe('xyxyxxxx')
    expect(await order('fifo')).toBe('xxxxxxyy')
  })

  it('serves the higher priority first', async () => {
    const { scheduler } = createWorld({ accounts: one, profile: balancedProfile({ fairness: 'tenant' }) })
    const lease = await scheduler.acquire(of('x'))
    const low = ask(scheduler, of('x'))
    const high = ask(scheduler, of('x', { priority: 2 }))
    lease[Symbol.dispose]()
    await settled()
    expect([low.lease, high.lease?.held]).toEqual([undefined, true])
  })

  it('is refused where queues are the accounts’ own', () => {
    expect(() => classicProfile({ fairness: 'tenant' })).toThrow(
      /fairness is of balanced; classic has no use for it/,
    )
  })

  it('keeps two queues of one profile apart', async () => {
    const profile = balancedProfile({ fairness: 'tenant' })
    const worlds = [createWorld({ accounts: one, profile }), createWorld({ accounts: one, profile })]
    const held = await Promise.all(worlds.map(({ scheduler }) => scheduler.acquire(of('x'))))
    const there = ask(worlds[1]!.scheduler, of('y'))
    held[0]![Symbol.dispose]()
    await settled()
    expect(waits(there)).toBe(true)
  })

  it.each([
    { priority: Number.NaN },
    { tenantWeight: 0 },
    { tenantWeight: Number.POSITIVE_INFINITY },
    { tenantLimit: Number.NaN },
    { estimatedTokens: -1 },
  ])('refuses %o, which has no place in an order', async facts => {
    const { scheduler } = createWorld({ accounts: one })
    await expect(scheduler.acquire(of('x', facts))).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('the share of a queue', () => {
  it('is half for each while two tenants wait, all of it for a tenant alone', async () => {
    const { scheduler } = createWorld({ accounts: one, profile: balancedProfile({ wait: queueOf(10) }) })
    await scheduler.acquire(of('x'))
    const alone = Array.from({ length: 11 }, () => ask(scheduler, of('x')))
    await settled()
    expect(alone.map(waits).filter(Boolean)).toHaveLength(10)
    expect(alone[10]!.error?.code).toBe('queue_full')
  })

  it('cannot be used up by one tenant: its newest waiters make way, down to its share', async () => {
    const { scheduler } = createWorld({ accounts: one, profile: balancedProfile({ wait: queueOf(10) }) })
    await scheduler.acquire(of('x'))
    const x = Array.from({ length: 10 }, () => ask(scheduler, of('x')))
    const y = Array.from({ length: 7 }, () => ask(scheduler, of('y')))
    await settled()
    expect(scheduler.queueDepth).toBe(10)
    expect(x.map(waits)).toEqual([...Array(5).fill(true), ...Array(5).fill(false)])
    expect(y.map(waits)).toEqual([...Array(5).fill(true), false, false])
    expect(x[9]!.error).toMatchObject({ code: 'queue_full' })
    expect(x[9]!.error!.message).toContain('more than its share')
    expect(y[6]!.error!.message).toContain('its limit is 5 of 10')
  })

  it('makes the lowest priority make way first', async () => {
    const { scheduler } = createWorld({ accounts: one, profile: balancedProfile({ wait: queueOf(4) }) })
    await scheduler.acquire(of('x'))
    const x = [1, -1, -1, 1].map(priority => ask(scheduler, of('x', { priority })))
    const y = ask(scheduler, of('y'))
    await settled()
    expect([...x, y].map(waits)).toEqual([true, true, false, true, true])
  })

  it('is a setting, and must be one', () => {
    expect(() => balancedProfile({ wait: queueOf(10, 0) })).toThrow(/maxShare is 0/)
    expect(() => balancedProfile({ wait: queueOf(10, 1.5) })).toThrow(/maxShare is 1.5/)
  })
})

describe('a tenant’s own limit', () => {
  const limited = of('x', { tenantLimit: 2 })
  const two = [{ id: 'a', concurrency: 5 }]

  it('makes its requests wait, and nobody else', async () => {
    const { scheduler, slots } = createWorld({ accounts: two })
    const asked = [1, 2, 3, 4].map(() => ask(scheduler, limited))
    const others = [1, 2, 3].map(() => ask(scheduler, of('y')))
    await settled()
    expect(asked.map(waits)).toEqual([false, false, true, true])
    expect(others.every(({ lease }) => lease?.held)).toBe(true)
    expect(slots.held).toBe(5)
    expect(asked[2]!.error ?? scheduler.decisions(10).map(({ result }) => result)).toContain('wait')
  })

  it('lets the next in when a lease ends, on whatever account has room', async () => {
    const { scheduler } = createWorld({ accounts: [...one, { id: 'b', concurrency: 5 }] })
    const held = await scheduler.acquire(of('x', { tenantLimit: 1, excluded: new Set(['b']) }))
    const waiting = ask(scheduler, of('x', { tenantLimit: 1, excluded: new Set(['a']) }))
    await settled()
    expect(waits(waiting)).toBe(true)
    held.settle({ outcome: { kind: 'ok' } })
    await settled()
    expect(waiting.lease?.account.id).toBe('b')
  })

  it('is passed by in a queue: a freed slot goes to the next tenant at once', async () => {
    const { scheduler } = createWorld({ accounts: [{ id: 'a', concurrency: 2 }] })
    const [mine, other] = [
      await scheduler.acquire(of('x', { tenantLimit: 1 })),
      await scheduler.acquire(of('y')),
    ]
    const blocked = ask(scheduler, of('x', { tenantLimit: 1 }))
    const behind = ask(scheduler, of('z'))
    other[Symbol.dispose]()
    await settled()
    expect([waits(blocked), behind.lease?.held]).toEqual([true, true])
    mine[Symbol.dispose]()
    await settled()
    expect(blocked.lease?.held).toBe(true)
  })

  it('says so to select as well, and counts nothing for a mere plan', async () => {
    const { scheduler } = createWorld({ accounts: two })
    const leases = [await scheduler.acquire(limited), await scheduler.acquire(limited)]
    expect((await scheduler.select(limited)).kind).toBe('wait')
    leases[0]![Symbol.dispose]()
    const selection = await scheduler.select(limited)
    expect(selection.kind).toBe('selected')
  })

  it('counts a slot while it is being asked for: a store that answers later lets no one past', async () => {
    const gate = createGate()
    const { scheduler, slots } = createWorld({ accounts: two, later: gate.pass })
    const asked = Array.from({ length: 6 }, () => ask(scheduler, limited))
    await gate.openAll()
    expect(slots.held).toBe(2)
    for (let round = 0; round < 4; round++) {
      asked.find(({ lease }) => lease?.held)!.lease![Symbol.dispose]()
      await gate.openAll()
      expect(slots.held).toBe(2)
    }
    for (const { lease } of asked) lease?.[Symbol.dispose]()
    await gate.openAll()
    expect([slots.held, slots.granted, scheduler.queueDepth]).toEqual([0, 6, 0])
  })

  it('is freed by a client that leaves, a lost lease and a selection that fails', async () => {
    const gate = createGate()
    const world = createWorld({ accounts: two, later: gate.pass, renewEveryMs: 1_000 })
    const { scheduler, slots } = world
    const client = new AbortController()
    const strict = of('x', { tenantLimit: 1 })
    ask(scheduler, strict, { signal: client.signal })
    const second = ask(scheduler, strict)
    await gate.open()
    client.abort()
    await gate.openAll()
    expect(second.lease?.held).toBe(true)
    const third = ask(scheduler, strict)
    await gate.openAll()
    expect(waits(third)).toBe(true)
    slots.lose('a')
    await gate.openAll()
    expect(third.lease?.held).toBe(true)
    third.lease![Symbol.dispose]()
    slots.fail('a', 'throws')
    const failed = ask(scheduler, strict)
    await gate.openAll()
    expect(failed.error?.code).toBe('store_failed')
    slots.fail('a', undefined)
    const last = ask(scheduler, strict)
    await gate.openAll()
    expect(last.lease?.held).toBe(true)
  })

  it('leaves a bound session where it is', async () => {
    const { scheduler } = createWorld({ accounts: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] })
    const session = of('x', { tenantLimit: 1, session: 's' })
    const first = await scheduler.acquire(session)
    const waiting = ask(scheduler, session)
    await settled()
    expect(waits(waiting)).toBe(true)
    first[Symbol.dispose]()
    await settled()
    expect(waiting.lease?.held).toBe(true)
  })
})

describe('Retry-After', () => {
  it('follows the rate at which the queue is served', async () => {
    const world = createWorld({ accounts: one, profile: balancedProfile({ wait: queueOf(20) }) })
    const { scheduler, clock } = world
    let lease = await scheduler.acquire(of('x'))
    const asked: Asked[] = []
    for (let i = 0; i < 40; i++) {
      while (scheduler.queueDepth < 20) asked.push(ask(scheduler, of('x')))
      clock.advance(500)
      lease[Symbol.dispose]()
      await settled()
      lease = asked[i]!.lease!
    }
    const left = ask(scheduler, of('x'))
    expect(waits(left)).toBe(true)
    const refused = ask(scheduler, of('x'))
    await settled()
    // 20 waiting, 2 a second.
    expect(refused.error!.retryAfterMs).toBeGreaterThan(9_000)
    expect(refused.error!.retryAfterMs).toBeLessThan(11_000)
    clock.advance(30_000)
    await settled()
    expect(left.error?.code).toBe('queue_timeout')
    expect(left.error!.retryAfterMs).toBeLessThanOrEqual(60_000)
    expect(left.error!.retryAfterMs).toBeGreaterThanOrEqual(1_000)
  })
})
