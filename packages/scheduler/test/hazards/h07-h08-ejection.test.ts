import { describe, expect, it } from 'vitest'
import { balancedProfile, classicProfile, type OutcomeKind } from '../../src/index.ts'
import { createMemoryHealth } from '../../src/memory/index.ts'
import { ask, createGate, createWorld, settled, type World } from '../engine/world.ts'

const four = [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]

/** Sends requests one after another; those that land on a failing account fail there at once. */
async function send({ scheduler, clock }: World, count: number, failing: ReadonlySet<string>) {
  const served = new Map<string, number>()
  for (let i = 0; i < count; i++) {
    const lease = await scheduler.acquire({ model: 'm' })
    const { id } = lease.account
    served.set(id, (served.get(id) ?? 0) + 1)
    const fails = failing.has(id)
    // A fast failure: no time passes. A success takes a moment, which makes healthy accounts look slower.
    if (!fails) clock.advance(10)
    lease.settle({ outcome: { kind: fails ? 'server_error' : 'ok' } })
  }
  return served
}

/** Makes the next attempts at one account end so. */
async function endAt({ scheduler }: World, id: string, outcomes: readonly OutcomeKind[]) {
  const excluded = new Set(scheduler.accounts().map(({ account }) => account))
  excluded.delete(id)
  for (const kind of outcomes) {
    const lease = await scheduler.acquire({ model: 'm', excluded })
    lease.settle({ outcome: { kind } })
  }
}

const stateOf = ({ scheduler }: World, id: string) =>
  scheduler.accounts().find(({ account }) => account === id)!.state

const faults = ['server_error', 'timeout', 'transport_error'] as const

describe('a failing account', () => {
  it('that fails fast gets three requests, not the share of an idle one', async () => {
    const world = createWorld({ accounts: four })
    const served = await send(world, 200, new Set(['b']))
    expect(served.get('b')).toBe(3)
    expect(stateOf(world, 'b')).toBe('ejected')
  })

  it('keeps its share in classic, which has no ejection', async () => {
    const world = createWorld({ accounts: four, profile: classicProfile() })
    const served = await send(world, 200, new Set(['b']))
    expect(served.get('b')).toBeGreaterThan(10)
  })

  it('is ejected by three account faults in a row, of any kind', async () => {
    const world = createWorld({ accounts: four })
    await endAt(world, 'a', faults)
    expect(stateOf(world, 'a')).toBe('ejected')
  })

  it('is not ejected when an answer comes between', async () => {
    const world = createWorld({ accounts: four })
    await endAt(world, 'a', ['server_error', 'timeout', 'ok', 'server_error', 'timeout'])
    expect(stateOf(world, 'a')).toBe('active')
  })

  it('is not blamed for what clients do', async () => {
    const world = createWorld({ accounts: four })
    await endAt(world, 'a', ['client_error', 'client_abort', 'policy', 'client_error', 'client_abort'])
    expect(stateOf(world, 'a')).toBe('active')
    expect(world.scheduler.accounts()[0]).toMatchObject({ errorRate: 0 })
  })
})

describe('an ejected account', () => {
  it('is probed by one request after its back-off, comes back, and starts slowly', async () => {
    const world = createWorld({ accounts: four })
    const { scheduler, clock } = world
    await endAt(world, 'a', faults)
    clock.advance(4_999)
    expect(stateOf(world, 'a')).toBe('ejected')
    clock.advance(1)
    expect(stateOf(world, 'a')).toBe('probing')
    const probe = await scheduler.acquire({ model: 'm' })
    expect(probe.account.id).toBe('a')
    for (let i = 0; i < 20; i++) {
      using lease = await scheduler.acquire({ model: 'm' })
      expect(lease.account.id).not.toBe('a')
    }
    probe.settle({ outcome: { kind: 'ok' } })
    expect(stateOf(world, 'a')).toBe('slow_start')
    const early = await shareOf('a', scheduler, 400)
    clock.advance(15_000)
    expect(stateOf(world, 'a')).toBe('active')
    const late = await shareOf('a', scheduler, 400)
    expect(early).toBeLessThan(0.15)
    expect(late).toBeGreaterThan(0.15)
  })

  it('stays out twice as long after each failed probe, at most a minute', async () => {
    const world = createWorld({ accounts: four })
    const { scheduler, clock } = world
    await endAt(world, 'a', faults)
    const backOffs: number[] = []
    for (let round = 0; round < 6; round++) {
      const { availableInMs } = scheduler.accounts()[0]!
      backOffs.push(availableInMs)
      clock.advance(availableInMs)
      const probe = await scheduler.acquire({ model: 'm' })
      expect(probe.account.id).toBe('a')
      probe.settle({ outcome: { kind: 'server_error' } })
    }
    expect(backOffs).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
  })

  it('is probed again when the probe said nothing, or went away', async () => {
    const world = createWorld({ accounts: four })
    const { scheduler, clock } = world
    await endAt(world, 'a', faults)
    clock.advance(5_000)
    const first = await scheduler.acquire({ model: 'm' })
    first[Symbol.dispose]()
    const second = await scheduler.acquire({ model: 'm' })
    expect([first.account.id, second.account.id]).toEqual(['a', 'a'])
  })

  it('is not judged by streams that began before it left', async () => {
    const world = createWorld({ accounts: four })
    const { scheduler, clock } = world
    const only = new Set(['b', 'c', 'd'])
    const old = await Promise.all([1, 2, 3].map(() => scheduler.acquire({ model: 'm', excluded: only })))
    await endAt(world, 'a', faults)
    clock.advance(5_000)
    const probe = await scheduler.acquire({ model: 'm' })
    expect(probe.account.id).toBe('a')
    old[0]!.settle({ outcome: { kind: 'ok' } })
    expect(stateOf(world, 'a')).toBe('probing')
    old[1]!.settle({ outcome: { kind: 'server_error' } })
    expect(stateOf(world, 'a')).toBe('probing')
    old[2]![Symbol.dispose]()
    using other = await scheduler.acquire({ model: 'm' })
    expect(other.account.id).not.toBe('a')
    probe.settle({ outcome: { kind: 'ok' } })
    expect(stateOf(world, 'a')).toBe('slow_start')
  })

  it('gets one probe, however many ask a store that answers later', async () => {
    const gate = createGate()
    const world = createWorld({ accounts: four, later: gate.pass })
    const { scheduler, clock } = world
    const failing = ask(scheduler, { model: 'm', excluded: new Set(['b', 'c', 'd']) })
    await gate.openAll()
    failing.lease!.settle({ outcome: { kind: 'server_error' } })
    for (let i = 0; i < 2; i++) {
      const again = ask(scheduler, { model: 'm', excluded: new Set(['b', 'c', 'd']) })
      await gate.openAll()
      again.lease!.settle({ outcome: { kind: 'server_error' } })
    }
    await gate.openAll()
    expect(stateOf(world, 'a')).toBe('ejected')
    clock.advance(5_000)
    const many = Array.from({ length: 10 }, () => ask(scheduler, { model: 'm' }))
    await gate.openAll()
    expect(many.filter(({ lease }) => lease?.account.id === 'a')).toHaveLength(1)
    expect(many.every(({ lease }) => lease !== undefined)).toBe(true)
  })

  it('whose probe finds no slot costs the request nothing: it is drawn among the others', async () => {
    const gate = createGate()
    const world = createWorld({ accounts: [{ id: 'a', concurrency: 1 }, { id: 'b' }], later: gate.pass })
    const { scheduler, clock, slots } = world
    for (const kind of faults) {
      const asked = ask(scheduler, { model: 'm', excluded: new Set(['b']) })
      await gate.openAll()
      asked.lease!.settle({ outcome: { kind } })
      await gate.openAll()
    }
    clock.advance(5_000)
    slots.occupy('a')
    const asked = ask(scheduler, { model: 'm' })
    await gate.openAll()
    expect(asked.lease?.decision?.attempts).toEqual([
      { account: 'a', result: 'full', by: 'probe' },
      { account: 'b', result: 'granted', by: 'draw' },
    ])
  })

  it('is served to the waiter who waits for nothing else, as its probe, one at a time', async () => {
    const others = four.map(one => ({ ...one, models: ['m'] }))
    const world = createWorld({ accounts: [...others, { id: 'e', models: ['only'], concurrency: 2 }] })
    const { scheduler, clock } = world
    for (const kind of faults) {
      const lease = await scheduler.acquire({ model: 'only' })
      lease.settle({ outcome: { kind } })
    }
    const waiting = [1, 2].map(() => ask(scheduler, { model: 'only' }))
    await settled()
    expect(scheduler.queueDepth).toBe(2)
    clock.advance(5_000)
    await settled()
    expect(waiting.map(({ lease }) => lease?.account.id)).toEqual(['e', undefined])
    waiting[0]!.lease!.settle({ outcome: { kind: 'ok' } })
    await settled()
    expect(waiting[1]!.lease?.account.id).toBe('e')
  })

  it('that is draining gets no new work as a probe', async () => {
    const world = createWorld({ accounts: four })
    await endAt(world, 'a', faults)
    world.change('a', { status: 'draining' })
    world.clock.advance(5_000)
    for (let i = 0; i < 5; i++) {
      using lease = await world.scheduler.acquire({ model: 'm' })
      expect(lease.account.id).not.toBe('a')
    }
  })

  it('is probed again after its probe was granted to a client who had left', async () => {
    const gate = createGate()
    const world = createWorld({
      accounts: [
        { id: 'a', concurrency: 1 },
        { id: 'b', models: ['x'] },
      ],
      later: gate.pass,
    })
    const { scheduler, clock } = world
    for (const kind of faults) {
      const asked = ask(scheduler, { model: 'm' })
      await gate.openAll()
      asked.lease!.settle({ outcome: { kind } })
      await gate.openAll()
    }
    expect(stateOf(world, 'a')).toBe('ejected')
    const client = new AbortController()
    const leaving = ask(scheduler, { model: 'm' }, { signal: client.signal })
    await gate.openAll()
    clock.advance(5_000)
    await gate.open()
    client.abort()
    await gate.openAll()
    expect(leaving.error?.code).toBe('aborted')
    const next = ask(scheduler, { model: 'm' })
    await gate.openAll()
    expect(next.lease?.account.id).toBe('a')
  })

  it('is probed again after the lease of its probe ran out', async () => {
    const world = createWorld({ accounts: four, renewEveryMs: 1_000 })
    const { scheduler, clock, slots } = world
    await endAt(world, 'a', faults)
    clock.advance(5_000)
    const probe = await scheduler.acquire({ model: 'm' })
    expect(probe.account.id).toBe('a')
    slots.lose('a')
    expect(probe.held).toBe(false)
    using next = await scheduler.acquire({ model: 'm' })
    expect(next.account.id).toBe('a')
  })
})

describe('half of a pool', () => {
  it('stays when every account fails', async () => {
    const world = createWorld({ accounts: [...four, { id: 'e' }] })
    await send(world, 100, new Set(['a', 'b', 'c', 'd', 'e']))
    const states = world.scheduler.accounts().map(({ state }) => state)
    expect(states.filter(state => state === 'ejected')).toHaveLength(2)
  })

  it('is half of those that could work: switched-off accounts do not count', async () => {
    const world = createWorld({
      accounts: [...four, { id: 'e', status: 'disabled' }, { id: 'f', schedulable: false }],
    })
    await send(world, 100, new Set(['a', 'b', 'c', 'd']))
    const states = world.scheduler.accounts().map(({ state }) => state)
    expect(states.filter(state => state === 'ejected')).toHaveLength(2)
  })

  it('stays though one fails again in its slow start', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }, { id: 'b' }] })
    await endAt(world, 'a', faults)
    world.clock.advance(5_000)
    await endAt(world, 'a', ['ok'])
    expect(stateOf(world, 'a')).toBe('slow_start')
    await endAt(world, 'b', faults)
    expect(stateOf(world, 'b')).toBe('ejected')
    await endAt(world, 'a', faults)
    expect(stateOf(world, 'a')).not.toBe('ejected')
  })

  it('stays when others report ejections too', async () => {
    const health = createMemoryHealth()
    const world = createWorld({ accounts: four, health: health.peer(), profile: balancedProfile() })
    for (const account of ['a', 'b', 'c', 'd']) {
      health.publish({ kind: 'ejected', account, untilMs: world.clock.wallMs() + 5_000, times: 1 })
    }
    const states = world.scheduler.accounts().map(({ state }) => state)
    expect(states.filter(state => state === 'ejected')).toHaveLength(2)
    health.publish({ kind: 'recovered', account: 'a' })
    expect(stateOf(world, 'a')).toBe('slow_start')
  })
})

async function shareOf(id: string, scheduler: World['scheduler'], count: number): Promise<number> {
  let served = 0
  for (let i = 0; i < count; i++) {
    using lease = await scheduler.acquire({ model: 'm' })
    if (lease.account.id === id) served++
  }
  return served / count
}

describe('a probe', () => {
  it('is judged at its first token: a long generation keeps nobody out', async () => {
    const world = createWorld({ accounts: four })
    await endAt(world, 'a', faults)
    world.clock.advance(5_000)
    const excluded = new Set(['b', 'c', 'd'])
    const probe = await world.scheduler.acquire({ model: 'm', excluded })
    expect(stateOf(world, 'a')).toBe('probing')
    probe.firstToken()
    expect(stateOf(world, 'a')).toBe('slow_start')
    const next = await world.scheduler.acquire({ model: 'm', excluded })
    expect(next.account.id).toBe('a')
  })

  it('that fails after its first token sends the account out again', async () => {
    const world = createWorld({ accounts: four })
    await endAt(world, 'a', faults)
    world.clock.advance(5_000)
    const probe = await world.scheduler.acquire({ model: 'm', excluded: new Set(['b', 'c', 'd']) })
    probe.firstToken()
    probe.settle({ outcome: { kind: 'transport_error' } })
    expect(stateOf(world, 'a')).toBe('ejected')
  })
})
