import { describe, expect, it } from 'vitest'
import { balancedProfile, classicProfile, explain, type ReportedLimits } from '../../src/index.ts'
import { createMemoryHealth } from '../../src/memory/index.ts'
import { ask, createGate, createWorld, settled, type World } from './world.ts'

const model = { model: 'm' }
const two = [{ id: 'a' }, { id: 'b' }]
const none = (resetMs = 10_000): ReportedLimits => ({ requests: { limit: 100, remaining: 0, resetMs } })
const tokens = (remaining: number, resetMs = 10_000): ReportedLimits => ({ tokens: { remaining, resetMs } })

/** One request at an account that ends with these headers. */
async function tell({ scheduler }: World, id: string, limits: ReportedLimits) {
  const excluded = new Set(scheduler.accounts().map(({ account }) => account))
  excluded.delete(id)
  const lease = await scheduler.acquire({ ...model, excluded })
  lease.settle({ outcome: { kind: 'ok' }, limits })
}

async function chosen(world: World, count: number, request = {}): Promise<string> {
  let ids = ''
  for (let i = 0; i < count; i++) {
    using lease = await world.scheduler.acquire({ ...model, ...request })
    ids += lease.account.id
  }
  return ids
}

describe('an account with nothing left of a limit', () => {
  it('gets no request until its reset, and the record says why', async () => {
    const world = createWorld({ accounts: two })
    await tell(world, 'a', none())
    expect(await chosen(world, 20)).toBe('b'.repeat(20))
    const decision = world.scheduler.decisions(1)[0]!
    expect(decision.filtered).toMatchObject({ limited: 1, excluded: 0, unavailable: 0 })
    expect(explain(decision).sentences.join(' ')).toContain('1 with too little left of a limit')
    world.clock.advance(10_000)
    expect(await chosen(world, 40)).toContain('a')
  })

  it('serves other models', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    await tell(world, 'a', none())
    expect(await chosen(world, 2, { model: 'other' })).toBe('aa')
  })

  it('serves what still fits, and no more: slots reserve the estimate', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    await tell(world, 'a', tokens(1_000))
    const held = await world.scheduler.acquire({ ...model, estimatedTokens: 600 })
    const big = ask(world.scheduler, { ...model, estimatedTokens: 600 })
    const small = ask(world.scheduler, { ...model, estimatedTokens: 400 })
    await settled()
    expect([big.lease, small.lease?.account.id]).toEqual([undefined, 'a'])
    const usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0 }
    held.settle({ outcome: { kind: 'ok' }, usage })
    await settled()
    expect(big.lease?.account.id).toBe('a')
  })

  it('wakes who waits for it at its reset, without anyone asking', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    await tell(world, 'a', none(3_000))
    const waiting = ask(world.scheduler, model)
    world.clock.advance(2_999)
    await settled()
    expect(waiting.lease).toBeUndefined()
    world.clock.advance(1)
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('wakes who waits for a bucket as soon as enough has flowed back', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    // Ten a second, of which six stay back: 106 are there after 10.6 s, and all after a minute.
    await tell(world, 'a', { tokens: { limit: 600, remaining: 0, resetMs: 60_000 } })
    const waiting = ask(world.scheduler, { ...model, estimatedTokens: 100 })
    world.clock.advance(10_500)
    await settled()
    expect(waiting.lease).toBeUndefined()
    world.clock.advance(250)
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('turns requests away with the time of its reset when that is further off than they may wait', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    await tell(world, 'a', none(40_000))
    const asked = ask(world.scheduler, model)
    await settled()
    expect(asked.error).toMatchObject({ code: 'cooling_down', retryAfterMs: 40_000 })
  })

  it('takes those that share its limit domain with it', async () => {
    const world = createWorld({
      accounts: [...two.map(each => ({ ...each, limitDomain: 'p' })), { id: 'c' }],
    })
    await tell(world, 'a', none())
    expect(await chosen(world, 10)).toBe('c'.repeat(10))
  })

  it('gets no probe either', async () => {
    const world = createWorld({ accounts: two })
    const only = { ...model, excluded: new Set(['b']) }
    for (let i = 0; i < 3; i++) {
      const lease = await world.scheduler.acquire(only)
      lease.reportLimits(none())
      lease.settle({ outcome: { kind: 'server_error' } })
      if (i < 2) world.clock.advance(10_000)
    }
    world.clock.advance(5_000)
    expect(world.scheduler.accounts()[0]!.state).toBe('probing')
    expect(await chosen(world, 3)).toBe('bbb')
    world.clock.advance(5_000)
    expect(await chosen(world, 1)).toBe('a')
  })

  it('loses a warm session to where it is served', async () => {
    const world = createWorld({ accounts: two })
    const first = await world.scheduler.acquire({ ...model, session: 's', excluded: new Set(['b']) })
    first.reportLimits(none())
    first.settle({ outcome: { kind: 'ok' } })
    expect(await chosen(world, 2, { session: 's' })).toBe('bb')
  })

  it('keeps a hard owner waiting until its reset', async () => {
    const world = createWorld({ accounts: two })
    await world.scheduler.bind({}, ['r'], 'a')
    await tell(world, 'a', none(5_000))
    const waiting = ask(world.scheduler, { ...model, owners: ['r'] })
    await settled()
    expect(waiting.lease).toBeUndefined()
    world.clock.advance(5_000)
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('is passed over in a large pool as well, which is ranked by an index', async () => {
    const world = createWorld({ accounts: Array.from({ length: 200 }, (_, i) => ({ id: `n${i}` })) })
    for (let i = 0; i < 199; i++) await tell(world, `n${i}`, none())
    for (let i = 0; i < 5; i++) {
      using lease = await world.scheduler.acquire(model)
      expect(lease.account.id).toBe('n199')
    }
  })

  it('is asked like any other in classic, which is the reference', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }], profile: classicProfile() })
    await tell(world, 'a', none())
    expect(await chosen(world, 1)).toBe('a')
  })
})

describe('headroom', () => {
  it('is not overrun by requests that ask a slow store at once', async () => {
    const gate = createGate()
    const world = createWorld({ accounts: two, later: gate.pass })
    const only = { ...model, excluded: new Set(['b']) }
    const first = ask(world.scheduler, only)
    await gate.openAll()
    first.lease!.settle({ outcome: { kind: 'ok' }, limits: { requests: { remaining: 2, resetMs: 10_000 } } })
    const many = Array.from({ length: 5 }, () => ask(world.scheduler, only))
    await gate.openAll()
    expect(many.filter(({ lease }) => lease?.held)).toHaveLength(2)
    expect(world.slots.held).toBe(2)
    world.clock.advance(10_000)
    await gate.openAll()
    expect(many.filter(({ lease }) => lease?.held)).toHaveLength(5)
    expect(world.slots.violations).toEqual([])
  })

  it('is given back by a lease that ends without a word, and by one that was lost', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }], renewEveryMs: 1_000 })
    await tell(world, 'a', tokens(1_000))
    const big = { ...model, estimatedTokens: 1_000 }
    const lease = await world.scheduler.acquire(big)
    lease[Symbol.dispose]()
    using again = await world.scheduler.acquire(big)
    expect(again.account.id).toBe('a')
    world.slots.lose('a')
    world.clock.advance(10_000)
    using last = await world.scheduler.acquire(big)
    expect(last.account.id).toBe('a')
  })

  it('is told to other schedulers of the same accounts', async () => {
    const health = createMemoryHealth()
    const [here, there] = [health.peer(), health.peer()].map(end =>
      createWorld({ accounts: two, health: end }),
    )
    await tell(here!, 'a', none())
    expect(await chosen(there!, 10)).toBe('b'.repeat(10))
    expect(there!.scheduler.accounts()[0]).toMatchObject({ state: 'active' })
  })

  it('dates headers told at the end by the first token, not by the end of the stream', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    const lease = await world.scheduler.acquire(model)
    lease.firstToken()
    world.clock.advance(8_000)
    lease.settle({ outcome: { kind: 'ok' }, limits: none(9_000) })
    const waiting = ask(world.scheduler, model)
    world.clock.advance(1_000)
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('of an old credential is none of the new one’s', async () => {
    const world = createWorld({ accounts: [{ id: 'a', revision: '1' }], profile: balancedProfile() })
    await tell(world, 'a', none())
    world.change('a', { revision: '2' })
    expect(await chosen(world, 1)).toBe('a')
  })
})
