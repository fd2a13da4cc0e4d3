import { describe, expect, it } from 'vitest'
import { balancedProfile, classicProfile, type Lease } from '../../src/index.ts'
import { ask, createGate, createWorld, settled } from './world.ts'

const one = [{ id: 'a', concurrency: 1 }]
const model = { model: 'm' }
const unbounded = { pool: { timeoutMs: 30_000, max: 10_000 } }

describe('a queue', () => {
  it('serves 1,000 waiters of one slot once each, in order', async () => {
    const { scheduler, slots } = createWorld({ accounts: one, profile: balancedProfile({ wait: unbounded }) })
    let lease = await scheduler.acquire(model)
    const order: number[] = []
    const leases: Lease[] = []
    for (let i = 0; i < 1_000; i++) {
      scheduler.acquire(model).then(
        granted => {
          order.push(i)
          leases.push(granted)
        },
        () => order.push(-1),
      )
    }
    expect(scheduler.queueDepth).toBe(1_000)
    for (let i = 0; i < 1_000; i++) {
      lease[Symbol.dispose]()
      await settled()
      lease = leases[i]!
    }
    expect(order).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
    lease[Symbol.dispose]()
    expect(slots.held).toBe(0)
    expect(slots.granted).toBe(1_001)
    expect(slots.violations).toEqual([])
  })

  it('is never overtaken by a newcomer', async () => {
    const { scheduler } = createWorld({ accounts: one })
    const lease = await scheduler.acquire(model)
    const waiting = ask(scheduler, model)
    lease[Symbol.dispose]()
    const newcomer = ask(scheduler, model)
    await settled()
    expect(waiting.lease).toBeDefined()
    expect(newcomer.lease).toBeUndefined()
  })

  it('is not overtaken by a warm session either, while the slot of its first is on its way', async () => {
    const gate = createGate()
    const { scheduler } = createWorld({ accounts: one, later: gate.pass })
    const first = ask(scheduler, { ...model, session: 's' })
    await gate.openAll()
    const waiting = ask(scheduler, model)
    await gate.openAll()
    expect(scheduler.queueDepth).toBe(1)
    first.lease![Symbol.dispose]()
    const newcomer = ask(scheduler, { ...model, session: 's' })
    await settled()
    expect(gate.waiting).toEqual(['release a', 'ask a'])
    await gate.openAll()
    expect(waiting.lease).toBeDefined()
    expect(newcomer.lease).toBeUndefined()
  })

  it('that is full turns newcomers away at once, with a time to come back', async () => {
    const { scheduler } = createWorld({
      accounts: one,
      profile: balancedProfile({ wait: { pool: { timeoutMs: 8_000, max: 2 } } }),
    })
    await scheduler.acquire(model)
    const asked = [1, 2, 3].map(() => ask(scheduler, model))
    await settled()
    expect(asked.map(({ error }) => error?.code)).toEqual([undefined, undefined, 'queue_full'])
    expect(asked[2]!.error).toMatchObject({ retryAfterMs: 4_000 })
    expect(asked[2]!.error!.decision).toMatchObject({ result: 'wait', plan: { maxWaiting: 2 } })
  })

  it('lets waiters go at their deadline, with a time to come back', async () => {
    const { scheduler, clock } = createWorld({ accounts: one })
    await scheduler.acquire(model)
    const first = ask(scheduler, model)
    clock.advance(10_000)
    const second = ask(scheduler, model)
    clock.advance(19_999)
    await settled()
    expect(first.error).toBeUndefined()
    clock.advance(1)
    await settled()
    expect(first.error).toMatchObject({ code: 'queue_timeout', retryAfterMs: 7_500 })
    expect(second.error).toBeUndefined()
    expect(scheduler.queueDepth).toBe(1)
    clock.advance(10_000)
    await settled()
    expect(second.error?.code).toBe('queue_timeout')
    expect(clock.pending).toBe(0)
  })

  it('keeps one timer for all deadlines', async () => {
    const { scheduler, clock } = createWorld({ accounts: one })
    await scheduler.acquire(model)
    for (let i = 0; i < 50; i++) {
      ask(scheduler, model)
      clock.advance(10)
    }
    expect(scheduler.queueDepth).toBe(50)
    expect(clock.pending).toBe(1)
  })

  it('measures deadlines on the monotonic clock: a step of the wall clock expires nobody', async () => {
    const { scheduler, clock } = createWorld({ accounts: one })
    await scheduler.acquire(model)
    const waiting = ask(scheduler, model)
    clock.stepWall(3_600_000)
    clock.advance(1)
    await settled()
    expect(waiting.error).toBeUndefined()
  })

  it('records how long its waiters waited, and where they went', async () => {
    const { scheduler, clock } = createWorld({ accounts: one })
    const lease = await scheduler.acquire(model)
    const waiting = ask(scheduler, model)
    clock.advance(1_234)
    lease[Symbol.dispose]()
    await settled()
    expect(waiting.lease).toMatchObject({ waitedMs: 1_234 })
    expect(waiting.lease!.decision).toMatchObject({ result: 'wait', waitedMs: 1_234, admittedTo: 'a' })
    expect(scheduler.accounts()[0]).toMatchObject({ waiting: 0, inUse: 1 })
  })
})

describe('a client that leaves', () => {
  it('the queue is out of it at once, wherever it stood, and is never asked for again', async () => {
    const { scheduler, slots } = createWorld({ accounts: one })
    const lease = await scheduler.acquire(model)
    const clients = Array.from({ length: 9 }, () => new AbortController())
    const asked = clients.map(({ signal }) => ask(scheduler, model, { signal }))
    for (const i of [0, 4, 8]) clients[i]!.abort()
    expect(scheduler.queueDepth).toBe(6)
    lease[Symbol.dispose]()
    const served: number[] = []
    for (let round = 0; round < 6; round++) {
      await settled()
      const i = asked.findIndex(({ lease: held }, at) => held?.held && !served.includes(at))
      served.push(i)
      asked[i]!.lease![Symbol.dispose]()
    }
    expect(served).toEqual([1, 2, 3, 5, 6, 7])
    expect([0, 4, 8].map(i => asked[i]!.error?.code)).toEqual(['aborted', 'aborted', 'aborted'])
    expect(slots.granted).toBe(7)
    expect(slots.held).toBe(0)
  })

  it('leaves no listener behind on its signal', async () => {
    const { scheduler } = createWorld({ accounts: one })
    const listeners = new Set<() => void>()
    const signal = {
      aborted: false,
      addEventListener: (_: 'abort', listener: () => void) => listeners.add(listener),
      removeEventListener: (_: 'abort', listener: () => void) => listeners.delete(listener),
    }
    const lease = await scheduler.acquire(model)
    const waiting = ask(scheduler, model, { signal })
    await settled()
    expect(listeners.size).toBe(1)
    lease[Symbol.dispose]()
    await settled()
    expect(waiting.lease).toBeDefined()
    expect(listeners.size).toBe(0)
  })

  it.each([1, 2, 3])(
    'while a slot is asked for on its behalf (answer %i) leaves the slot to the next',
    async steps => {
      const gate = createGate()
      const { scheduler, slots } = createWorld({ accounts: one, later: gate.pass })
      const first = ask(scheduler, model)
      await gate.openAll()
      const client = new AbortController()
      const leaving = ask(scheduler, model, { signal: client.signal })
      const staying = ask(scheduler, model)
      await gate.openAll()
      first.lease![Symbol.dispose]()
      for (let step = 0; step < steps; step++) await gate.open()
      client.abort()
      await gate.openAll()
      // Answer 3 is the one the client was waiting for: from then on the lease is the client's to dispose of.
      if (leaving.lease) leaving.lease[Symbol.dispose]()
      else expect(leaving.error?.code).toBe('aborted')
      await gate.openAll()
      expect(staying.lease?.held).toBe(true)
      expect(slots.held).toBe(1)
      expect(slots.violations).toEqual([])
    },
  )
})

describe('whoever waits is woken', () => {
  const busy = async (accounts = one) => {
    const world = createWorld({ accounts })
    await world.scheduler.acquire(model)
    const waiting = ask(world.scheduler, model)
    await settled()
    return { ...world, waiting }
  }

  it('by an account that is added, though there was but one to wait for', async () => {
    const { waiting, add } = await busy()
    add({ id: 'b' })
    await settled()
    expect(waiting.lease?.account.id).toBe('b')
  })

  it('by an account that takes the place of the only one', async () => {
    const { waiting, accounts } = await busy()
    accounts.replace([{ id: 'b', order: 5 }])
    await settled()
    expect(waiting.lease?.account.id).toBe('b')
  })

  it('by an account that is switched on', async () => {
    const { waiting, change } = await busy([...one, { id: 'b', concurrency: 1, status: 'disabled' } as never])
    change('b', { status: 'active' })
    await settled()
    expect(waiting.lease?.account.id).toBe('b')
  })

  it('by an account that learns the model', async () => {
    const { waiting, change } = await busy([...one, { id: 'b', concurrency: 1, models: ['x'] } as never])
    change('b', { models: ['x', 'm'] })
    await settled()
    expect(waiting.lease?.account.id).toBe('b')
  })

  it('by a limit that is raised', async () => {
    const { waiting, change } = await busy()
    change('a', { concurrency: 2 })
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('by a cool-down that is over, without anyone asking', async () => {
    const { scheduler, clock } = createWorld({ accounts: one })
    const lease = await scheduler.acquire(model)
    lease.settle({ outcome: { kind: 'rate_limited', untilMs: clock.wallMs() + 3_000 } })
    const waiting = ask(scheduler, model)
    clock.advance(2_999)
    await settled()
    expect(waiting.lease).toBeUndefined()
    clock.advance(1)
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('by the end of a cool-down that began after it', async () => {
    const { waiting, change, clock } = await busy([
      ...one,
      { id: 'b', concurrency: 1, status: 'disabled' } as never,
    ])
    change('b', { status: 'active', rateLimitedUntilMs: clock.wallMs() + 2_000 })
    clock.advance(2_000)
    await settled()
    expect(waiting.lease?.account.id).toBe('b')
  })

  it('by the end of a limit for its model alone', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    world.change('a', { modelLimitedUntilMs: { m: world.clock.wallMs() + 2_000 } })
    const waiting = ask(world.scheduler, model)
    await settled()
    expect(waiting.error).toBeUndefined()
    using other = await world.scheduler.acquire({ model: 'other' })
    expect(other.account.id).toBe('a')
    world.clock.advance(2_000)
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('by a slot that another scheduler of the same store gives back', async () => {
    const {
      createMemorySlots,
      createMemoryBindings,
      createMemoryAccounts,
      createManualClock,
      createSeededRandom,
    } = await import('../../src/memory/index.ts')
    const { createScheduler } = await import('../../src/index.ts')
    const clock = createManualClock()
    const shared = {
      profile: balancedProfile(),
      slots: createMemorySlots(),
      bindings: createMemoryBindings({ clock }),
      accounts: createMemoryAccounts([{ id: 'a', order: 0, concurrency: 1 }]),
      clock,
      random: createSeededRandom(1),
    }
    const [here, there] = [createScheduler(shared), createScheduler(shared)]
    const lease = await there.acquire(model)
    const waiting = ask(here, model)
    await settled()
    expect(here.queueDepth).toBe(1)
    lease[Symbol.dispose]()
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('by a slot that frees between the answer that it is taken and its own place in the queue', async () => {
    const gate = createGate()
    const { scheduler, slots } = createWorld({
      accounts: [
        { id: 'a', concurrency: 1 },
        { id: 'b', concurrency: 1 },
      ],
      later: gate.pass,
      batchSize: 1,
    })
    // Both are taken by another node.
    const free = new Map(['a', 'b'].map(id => [id, slots.occupy(id)]))
    const waiting = ask(scheduler, model)
    await gate.open('ask')
    await gate.open('answer')
    const first = slots.asked[0]!
    free.get(first)!()
    await gate.openAll()
    expect(waiting.lease?.account.id).toBe(first)
  })

  it('by a slot whose release arrived at the store after the question for it', async () => {
    const gate = createGate()
    const { scheduler } = createWorld({ accounts: one, later: gate.pass })
    const first = ask(scheduler, model)
    await gate.openAll()
    const waiting = ask(scheduler, model)
    await gate.openAll()
    first.lease![Symbol.dispose]()
    await gate.open('ask')
    await gate.open('release')
    await gate.openAll()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('by a slot whose lease ran out', async () => {
    const world = createWorld({ accounts: one, renewEveryMs: 1_000 })
    const lost = await world.scheduler.acquire(model)
    const waiting = ask(world.scheduler, model)
    world.slots.lose('a')
    await settled()
    expect(lost.held).toBe(false)
    expect(waiting.lease?.account.id).toBe('a')
    lost.settle({ outcome: { kind: 'ok' } })
    expect(world.slots.held).toBe(1)
  })

  it('by a slot that freed while its own was on its way and did not come', async () => {
    const gate = createGate()
    const { scheduler, slots } = createWorld({
      accounts: [
        { id: 'a', concurrency: 1 },
        { id: 'b', concurrency: 1 },
      ],
      later: gate.pass,
    })
    const holders = [ask(scheduler, model), ask(scheduler, model)]
    await gate.openAll()
    const waiting = ask(scheduler, model)
    await gate.openAll()
    holders[0]!.lease![Symbol.dispose]()
    await gate.open()
    // Another node was faster: the freed slot is gone when the waiter's request arrives.
    slots.occupy(holders[0]!.lease!.account.id)
    holders[1]!.lease![Symbol.dispose]()
    await gate.openAll()
    expect(waiting.lease?.account.id).toBe(holders[1]!.lease!.account.id)
  })
})

describe('whoever can go nowhere any more is turned away', () => {
  it('when its accounts are removed', async () => {
    const world = createWorld({ accounts: [...one, { id: 'b', models: ['x'] }] })
    await world.scheduler.acquire(model)
    const waiting = ask(world.scheduler, model)
    world.change('a', 'remove')
    await settled()
    expect(waiting.error?.code).toBe('no_accounts')
    expect(world.scheduler.queueDepth).toBe(0)
    expect(world.clock.pending).toBe(0)
  })

  it.each([{ status: 'disabled' }, { status: 'draining' }, { schedulable: false }] as const)(
    'when they are taken out by %o',
    async change => {
      const world = createWorld({ accounts: one })
      await world.scheduler.acquire(model)
      const waiting = ask(world.scheduler, model)
      world.change('a', change)
      await settled()
      expect(waiting.error?.code).toBe('no_accounts')
    },
  )

  it('when only those are left on which it failed', async () => {
    const world = createWorld({ accounts: [...one, { id: 'b', concurrency: 1 }] })
    const { scheduler } = world
    await Promise.all([scheduler.acquire(model), scheduler.acquire(model)])
    const waiting = ask(scheduler, { ...model, excluded: new Set(['a']) })
    world.change('b', 'remove')
    await settled()
    expect(waiting.error?.code).toBe('no_accounts')
  })
})

describe('drain', () => {
  it('turns away all who wait and all who come; leases live on', async () => {
    const { scheduler, slots, clock } = createWorld({ accounts: one })
    const lease = await scheduler.acquire(model)
    const waiting = [1, 2, 3].map(() => ask(scheduler, model))
    scheduler.drain()
    const late = ask(scheduler, model)
    await settled()
    expect([...waiting, late].map(({ error }) => error?.code)).toEqual(Array(4).fill('draining'))
    expect(waiting[0]!.error).toMatchObject({ retryAfterMs: 1_000 })
    expect(lease.held).toBe(true)
    lease.settle({ outcome: { kind: 'ok' } })
    expect(slots.held).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('turns away who was asking a store when it began, instead of queueing it for ever', async () => {
    const gate = createGate()
    const { scheduler, slots } = createWorld({ accounts: one, later: gate.pass })
    slots.occupy('a')
    const asked = ask(scheduler, model)
    await gate.open()
    scheduler.drain()
    await gate.openAll()
    expect(asked.error?.code).toBe('draining')
    expect(scheduler.queueDepth).toBe(0)
  })

  it('gives back a slot that came for a waiter it turned away', async () => {
    const gate = createGate()
    const { scheduler, slots } = createWorld({ accounts: one, later: gate.pass })
    const first = ask(scheduler, model)
    await gate.openAll()
    const waiting = ask(scheduler, model)
    await gate.openAll()
    first.lease![Symbol.dispose]()
    await gate.open()
    scheduler.close()
    await gate.openAll()
    expect(waiting.error?.code).toBe('draining')
    expect(slots.held).toBe(0)
  })

  it('is not stopped by turns that fail', async () => {
    const { scheduler } = createWorld({
      accounts: one,
      turns: { announce: () => Promise.reject(new Error('nobody there')), subscribe: () => () => {} },
    })
    const lease = await scheduler.acquire(model)
    const waiting = ask(scheduler, model)
    lease[Symbol.dispose]()
    await settled()
    expect(waiting.lease).toBeDefined()
  })
})

describe('a classic queue', () => {
  const profile = classicProfile({
    wait: { sticky: { timeoutMs: 45_000, max: 1 }, pool: { timeoutMs: 30_000, max: 2 } },
  })

  it('is one for each account, bounded for itself', async () => {
    const { scheduler } = createWorld({ profile, accounts: [...one, { id: 'b', concurrency: 1 }] })
    const to = (id: string) => ({ ...model, excluded: new Set(['a', 'b'].filter(other => other !== id)) })
    const leases = new Map([
      ['a', await scheduler.acquire(to('a'))],
      ['b', await scheduler.acquire(to('b'))],
    ])
    const asked = ['a', 'b', 'a', 'b', 'a', 'b'].map(id => ask(scheduler, to(id)))
    await settled()
    expect(asked.map(({ error }) => error?.code)).toEqual([
      ...Array(4).fill(undefined),
      'queue_full',
      'queue_full',
    ])
    expect(scheduler.accounts().map(({ waiting }) => waiting)).toEqual([2, 2])
    leases.get('b')![Symbol.dispose]()
    await settled()
    expect(asked.map(({ lease }) => lease?.account.id)).toEqual([
      undefined,
      'b',
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    asked[1]!.lease![Symbol.dispose]()
    leases.get('a')![Symbol.dispose]()
    await settled()
    expect(asked.slice(0, 4).map(({ lease }) => lease?.account.id)).toEqual(['a', 'b', undefined, 'b'])
  })

  it('takes sticky sessions up to their own bound', async () => {
    const { scheduler } = createWorld({ profile, accounts: one })
    using _lease = await scheduler.acquire({ ...model, session: 's' })
    const asked = [1, 2].map(() => ask(scheduler, { ...model, session: 's' }))
    await settled()
    expect(asked.map(({ error }) => error?.code)).toEqual([undefined, 'queue_full'])
  })
})
