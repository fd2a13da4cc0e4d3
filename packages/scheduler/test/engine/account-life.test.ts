import { describe, expect, it } from 'vitest'
import { adaptiveProfile, balancedProfile, classicProfile, type Outcome } from '../../src/index.ts'
import { createMemoryHealth } from '../../src/memory/index.ts'
import { ask, createWorld, settled, type World } from './world.ts'

const model = { model: 'm' }
const two = [{ id: 'a' }, { id: 'b' }]
const stateOf = ({ scheduler }: World, id = 'a') =>
  scheduler.accounts().find(({ account }) => account === id)!

async function leaseAt({ scheduler }: World, id: string) {
  const excluded = new Set(scheduler.accounts().map(({ account }) => account))
  excluded.delete(id)
  return scheduler.acquire({ ...model, excluded })
}

async function endAt(world: World, id: string, outcome: Outcome) {
  const lease = await leaseAt(world, id)
  lease.settle({ outcome })
}

async function chosen({ scheduler }: World, count: number): Promise<string> {
  let ids = ''
  for (let i = 0; i < count; i++) {
    using lease = await scheduler.acquire(model)
    ids += lease.account.id
  }
  return ids
}

describe('what ends by itself', () => {
  const ended = async (happen: (world: World) => Promise<unknown>, lookAfterMs: number) => {
    const world = createWorld({ accounts: [{ id: 'a' }, { id: 'b' }], profile: adaptiveProfile() })
    const startMs = world.clock.wallMs()
    await happen(world)
    world.clock.advance(lookAfterMs)
    const [newest] = world.scheduler.accountEvents(1)
    return { ...newest, afterMs: newest!.wallMs - startMs }
  }
  const at = (id: string) => ({ model: 'm', excluded: new Set(['a', 'b'].filter(other => other !== id)) })
  const fail = async (world: World, times: number) => {
    for (let i = 0; i < times; i++)
      (await world.scheduler.acquire(at('a'))).settle({ outcome: { kind: 'server_error' } })
  }

  it.each([5_000, 5_001, 3_600_000])(
    'is dated when it ended, not when somebody looked: after %i ms',
    async look => {
      expect(await ended(world => fail(world, 3), look)).toMatchObject({ to: 'probing', afterMs: 5_000 })
    },
  )

  it('a cool-down as well, and one model of it', async () => {
    const cool = (outcome: Outcome) => async (world: World) =>
      (await world.scheduler.acquire(at('a'))).settle({ outcome })
    const untilMs = createWorld({ accounts: [] }).clock.wallMs() + 7_000
    for (const kind of ['overloaded', 'rate_limited'] as const)
      expect(await ended(cool({ kind, untilMs }), 60_000)).toMatchObject({ to: 'active', afterMs: 7_000 })
  })

  it.each([
    [7_000, 4_000],
    [3_000, 3_000],
  ])('and an account that expires after %i ms of a cool-down of 5 s', async (expiresMs, lookMs) => {
    const world = createWorld({ accounts: [], profile: adaptiveProfile() })
    const startMs = world.clock.wallMs()
    world.add({ id: 'a', expiresAtMs: startMs + expiresMs })
    ;(await world.scheduler.acquire(model)).settle({ outcome: { kind: 'overloaded' } })
    for (let passed = 0; passed < 60_000; passed += lookMs) {
      world.clock.advance(lookMs)
      world.scheduler.accounts()
    }
    const [newest] = world.scheduler.accountEvents(1)
    expect(newest).toMatchObject({ to: 'disabled', reason: 'expired', wallMs: startMs + expiresMs })
  })

  it('and the slow start of one that recovered', async () => {
    const recovers = async (world: World) => {
      await fail(world, 3)
      world.clock.advance(5_000)
      ;(await world.scheduler.acquire(at('a'))).settle({ outcome: { kind: 'ok' } })
    }
    expect(await ended(recovers, 60_000)).toMatchObject({ from: 'slow_start', to: 'active', afterMs: 20_000 })
  })
})

describe('a request that has failed already', () => {
  const pair = () => createWorld({ accounts: [{ id: 'a' }, { id: 'b' }], profile: adaptiveProfile() })
  const notB = { model: 'm', excluded: new Set(['b']) }

  it('does not wait for the probe of an ejected account, and hears when that is', async () => {
    const world = pair()
    for (let i = 0; i < 3; i++)
      (await world.scheduler.acquire(notB)).settle({ outcome: { kind: 'server_error' } })
    world.clock.advance(1_000)
    const failed = ask(world.scheduler, notB)
    await settled()
    expect(failed.error).toMatchObject({ code: 'cooling_down', retryAfterMs: 4_000 })
  })

  it('waits for one whose rest ends at a named instant', async () => {
    const world = pair()
    const untilMs = world.clock.wallMs() + 4_000
    ;(await world.scheduler.acquire(notB)).settle({ outcome: { kind: 'overloaded', untilMs } })
    const failed = ask(world.scheduler, notB)
    await settled()
    expect(failed.error).toBeUndefined()
    world.clock.advance(4_000)
    await settled()
    expect(failed.lease?.account.id).toBe('a')
  })
})

describe('how slow an account is', () => {
  it('is told beside the others, of a profile that learns it', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }, { id: 'b' }], profile: adaptiveProfile() })
    for (let i = 0; i < 40; i++) {
      const id = i % 2 === 0 ? 'a' : 'b'
      const lease = await world.scheduler.acquire({ model: 'm', excluded: new Set([id === 'a' ? 'b' : 'a']) })
      world.clock.advance(id === 'a' ? 500 : 4_000)
      lease.firstToken()
      lease.settle({ outcome: { kind: 'ok' } })
    }
    const [a, b] = world.scheduler.accounts()
    expect(b!.slowness! / a!.slowness!).toBeGreaterThan(3)
    expect(createWorld({ accounts: [{ id: 'a' }] }).scheduler.accounts()[0]!.slowness).toBeUndefined()
  })
})

describe('an operator', () => {
  it('drains an account: what is bound to it goes on, new work goes elsewhere, also after a reload', async () => {
    const world = createWorld({ accounts: two })
    await world.scheduler.bind({}, ['r'], 'a')
    const running = await leaseAt(world, 'a')
    expect(world.scheduler.operate('a', 'drain')).toMatchObject({
      state: 'draining',
      reason: 'operator',
      override: 'drain',
    })
    world.change('a', { priority: 3 })
    expect(await chosen(world, 10)).toBe('b'.repeat(10))
    using bound = await world.scheduler.acquire({ ...model, owners: ['r'] })
    expect([bound.account.id, running.held]).toEqual(['a', true])
    expect(world.scheduler.operate('a', 'enable')).toMatchObject({ state: 'active', override: undefined })
  })

  it('disables an account for everything, also when the source forgets it for a while', async () => {
    const world = createWorld({ accounts: two })
    await world.scheduler.bind({}, ['r'], 'a')
    world.scheduler.operate('a', 'disable')
    const [account] = world.accounts.list()
    world.change('a', 'remove')
    world.add(account!)
    expect(stateOf(world)).toMatchObject({ state: 'disabled', reason: 'operator', override: 'disable' })
    expect(await chosen(world, 10)).toBe('b'.repeat(10))
    const owned = ask(world.scheduler, { ...model, owners: ['r'] })
    await settled()
    expect(owned.error?.code).toBe('owner_gone')
    world.scheduler.operate('a', 'enable')
    expect(await chosen(world, 20)).toContain('a')
  })

  it('cannot enable what the source says is disabled', () => {
    const world = createWorld({ accounts: [...two, { id: 'c', status: 'disabled' }] })
    expect(world.scheduler.operate('c', 'enable')).toMatchObject({
      state: 'disabled',
      reason: 'configuration',
      override: undefined,
    })
  })

  it('turns away who waits for an account they disable, and wakes who waits for one they enable', async () => {
    const world = createWorld({ accounts: [{ id: 'a', concurrency: 1 }, { id: 'b' }] })
    world.scheduler.operate('b', 'disable')
    await world.scheduler.acquire(model)
    const waiting = ask(world.scheduler, model)
    await settled()
    world.scheduler.operate('b', 'enable')
    await settled()
    expect(waiting.lease?.account.id).toBe('b')
    const hopeless = ask(world.scheduler, { ...model, excluded: new Set(['b']) })
    await settled()
    world.scheduler.operate('a', 'drain')
    await settled()
    expect(hopeless.error?.code).toBe('no_accounts')
  })

  it('clears a sticky session of classic from an account they disable', async () => {
    const world = createWorld({ accounts: two, profile: classicProfile() })
    const session = { ...model, session: 's' }
    const first = await world.scheduler.acquire({ ...session, excluded: new Set(['b']) })
    first[Symbol.dispose]()
    world.scheduler.operate('a', 'disable')
    using next = await world.scheduler.acquire(session)
    expect(next.account.id).toBe('b')
  })

  it('resets what was learned: cool-down, ejection, statistics and limits, but not their own word', async () => {
    const world = createWorld({ accounts: two })
    world.scheduler.report('a', { success: false, firstTokenMs: 900 })
    await endAt(world, 'a', { kind: 'rate_limited', untilMs: world.clock.wallMs() + 60_000 })
    expect(world.scheduler.operate('a', 'reset')).toMatchObject({
      state: 'active',
      errorRate: 0,
      ttftMs: undefined,
      availableInMs: 0,
    })
    for (let i = 0; i < 3; i++) await endAt(world, 'a', { kind: 'timeout' })
    expect(stateOf(world).state).toBe('ejected')
    expect(world.scheduler.operate('a', 'reset').state).toBe('active')
    const lease = await leaseAt(world, 'a')
    lease.reportLimits({ requests: { remaining: 0, resetMs: 60_000 } })
    lease.settle({ outcome: { kind: 'ok' } })
    world.scheduler.operate('a', 'reset')
    using again = await leaseAt(world, 'a')
    expect(again.account.id).toBe('a')
    world.scheduler.operate('a', 'drain')
    expect(world.scheduler.operate('a', 'reset').override).toBe('drain')
  })

  it('is told what they got wrong', () => {
    const { scheduler } = createWorld({ accounts: two })
    expect(() => scheduler.operate('nobody', 'drain')).toThrow(/no account nobody/)
    expect(() => scheduler.operate('a', 'explode' as never)).toThrow(/one of drain, enable, disable, reset/)
  })
})

describe('every change of state', () => {
  it('reaches listeners and the list of events, with its reason', async () => {
    const world = createWorld({ accounts: two })
    const { scheduler, clock } = world
    const told: string[] = []
    scheduler.subscribe({
      accountChanged: (account, from, to, reason) => told.push(`${account} ${from} > ${to}: ${reason}`),
    })
    await endAt(world, 'a', { kind: 'overloaded' })
    clock.advance(5_000)
    scheduler.accounts()
    scheduler.operate('a', 'drain')
    scheduler.operate('a', 'enable')
    world.change('a', { status: 'disabled' })
    world.change('a', { status: 'active' })
    // The overload was the first fault in a row.
    for (let i = 0; i < 2; i++) await endAt(world, 'a', { kind: 'timeout' })
    clock.advance(5_000)
    await endAt(world, 'a', { kind: 'ok' })
    clock.advance(15_000)
    const expected = [
      'a active > cooling_down: overloaded',
      'a cooling_down > active: time',
      'a active > draining: operator',
      'a draining > active: operator',
      'a active > disabled: configuration',
      'a disabled > active: configuration',
      'a active > ejected: consecutive_faults',
      'a ejected > probing: consecutive_faults',
      'a probing > slow_start: recovered',
      'a slow_start > active: time',
    ]
    const events = scheduler.accountEvents()
    expect(told).toEqual(expected)
    expect(
      events.toReversed().map(({ account, from, to, reason }) => `${account} ${from} > ${to}: ${reason}`),
    ).toEqual(expected)
    expect(events[0]!.wallMs).toBe(clock.wallMs())
    expect(scheduler.accountEvents(2)).toEqual(events.slice(0, 2))
  })

  it('is kept for the last 256', () => {
    const { scheduler } = createWorld({ accounts: two })
    for (let i = 0; i < 400; i++) scheduler.operate('a', i % 2 === 0 ? 'drain' : 'enable')
    const events = scheduler.accountEvents(10_000)
    expect(events).toHaveLength(256)
    expect(events.slice(0, 2).map(({ to }) => to)).toEqual(['active', 'draining'])
  })
})

describe('a broken credential', () => {
  const broken: Outcome = { kind: 'auth_broken' }

  it.each<Outcome>([broken, { kind: 'quota_exhausted' }])(
    'or a quota spent (%o) comes back by one probe, not by itself to everyone',
    async outcome => {
      const world = createWorld({ accounts: two })
      await endAt(world, 'a', outcome)
      expect(stateOf(world)).toMatchObject({
        state: 'cooling_down',
        reason: outcome.kind,
        availableInMs: 600_000,
      })
      world.clock.advance(600_000)
      expect(stateOf(world)).toMatchObject({ state: 'probing', reason: outcome.kind })
      const probe = await world.scheduler.acquire(model)
      expect(probe.account.id).toBe('a')
      expect(await chosen(world, 20)).toBe('b'.repeat(20))
      probe.settle({ outcome })
      expect(stateOf(world)).toMatchObject({ state: 'cooling_down', availableInMs: 600_000 })
      world.clock.advance(600_000)
      await endAt(world, 'a', { kind: 'ok' })
      expect(stateOf(world)).toMatchObject({ state: 'slow_start', reason: undefined })
    },
  )

  it('comes back at its instant when the upstream named one', async () => {
    const world = createWorld({ accounts: two })
    await endAt(world, 'a', { kind: 'quota_exhausted', untilMs: world.clock.wallMs() + 5_000 })
    world.clock.advance(5_000)
    expect(stateOf(world).state).toBe('active')
  })

  it.each(['enable', 'reset'] as const)('comes back at once by %s', async action => {
    const world = createWorld({ accounts: two })
    await endAt(world, 'a', broken)
    expect(world.scheduler.operate('a', action)).toMatchObject({ state: 'active', availableInMs: 0 })
  })

  it('comes back at once with a new revision', async () => {
    const world = createWorld({ accounts: [{ id: 'a', revision: '1' }, { id: 'b' }] })
    await endAt(world, 'a', broken)
    world.change('a', { revision: '2' })
    expect(stateOf(world).state).toBe('active')
    expect(world.scheduler.accountEvents(1)).toMatchObject([{ to: 'active', reason: 'new_revision' }])
  })

  it('is probed by one node, not by each: the others hear of it', async () => {
    const health = createMemoryHealth()
    const here = createWorld({ accounts: two, health: health.peer() })
    const there = createWorld({ accounts: two, health: health.peer(), clock: here.clock })
    await endAt(here, 'a', broken)
    expect(stateOf(there)).toMatchObject({ state: 'cooling_down', reason: 'auth_broken' })
    here.clock.advance(600_000)
    expect(stateOf(there).state).toBe('probing')
    await endAt(here, 'a', { kind: 'ok' })
    expect(stateOf(there).state).toBe('slow_start')
  })

  it('does not keep others from being ejected', async () => {
    const world = createWorld({ accounts: [...two, { id: 'c' }, { id: 'd' }] })
    for (const id of ['a', 'b']) await endAt(world, id, broken)
    for (const id of ['c', 'd']) for (let i = 0; i < 3; i++) await endAt(world, id, { kind: 'timeout' })
    expect(['c', 'd'].map(id => stateOf(world, id).state)).toEqual(['ejected', 'ejected'])
  })

  it('is taken back by the reference’s profile as in the reference: by itself', async () => {
    const world = createWorld({ accounts: two, profile: classicProfile() })
    await endAt(world, 'a', broken)
    world.clock.advance(600_000)
    expect(stateOf(world).state).toBe('active')
  })
})

describe('a success ends what it disproves', () => {
  it.each(['first token', 'end'] as const)(
    'a broken key, when its slot was granted after that of the request that failed (at its %s)',
    async when => {
      const world = createWorld({ accounts: two })
      const failing = await leaseAt(world, 'a')
      const later = await leaseAt(world, 'a')
      failing.settle({ outcome: { kind: 'auth_broken' } })
      expect(stateOf(world).state).toBe('cooling_down')
      if (when === 'end') later.settle({ outcome: { kind: 'ok' } })
      else later.firstToken()
      expect(stateOf(world)).toMatchObject({ state: 'active', availableInMs: 0 })
      expect(world.scheduler.accountEvents(1)).toMatchObject([{ reason: 'disproved' }])
    },
  )

  it('but not when it was granted before: it was let in while the key held', async () => {
    const world = createWorld({ accounts: two })
    const earlier = await leaseAt(world, 'a')
    await endAt(world, 'a', { kind: 'auth_broken' })
    earlier.settle({ outcome: { kind: 'ok' } })
    expect(stateOf(world).state).toBe('cooling_down')
  })

  it('nor an overload: streams let in before run on through it', async () => {
    const world = createWorld({ accounts: two })
    const failing = await leaseAt(world, 'a')
    const later = await leaseAt(world, 'a')
    failing.settle({ outcome: { kind: 'overloaded' } })
    later.settle({ outcome: { kind: 'ok' } })
    expect(stateOf(world).state).toBe('cooling_down')
  })

  it('nor a quota that the upstream says is spent until an instant', async () => {
    const world = createWorld({ accounts: two })
    const failing = await leaseAt(world, 'a')
    const later = await leaseAt(world, 'a')
    failing.settle({ outcome: { kind: 'quota_exhausted', untilMs: world.clock.wallMs() + 60_000 } })
    later.settle({ outcome: { kind: 'ok' } })
    expect(stateOf(world).state).toBe('cooling_down')
  })

  it('and a failure of an older request than one that was served is not believed', async () => {
    const world = createWorld({ accounts: two, profile: balancedProfile() })
    const failing = await leaseAt(world, 'a')
    await endAt(world, 'a', { kind: 'ok' })
    failing.settle({ outcome: { kind: 'auth_broken' } })
    expect(stateOf(world).state).toBe('active')
    await endAt(world, 'a', { kind: 'auth_broken' })
    expect(stateOf(world).state).toBe('cooling_down')
  })

  it('and ends consecutive faults', async () => {
    const world = createWorld({ accounts: two })
    for (const kind of ['timeout', 'timeout', 'ok', 'timeout', 'timeout'] as const)
      await endAt(world, 'a', { kind })
    expect(stateOf(world).state).toBe('active')
  })
})
