import { describe, expect, it } from 'vitest'
import { adaptiveProfile, explain, type Lease } from '../../src/index.ts'
import { ask, createWorld, settled, type World } from '../engine/world.ts'
import { accounts, adaptive, serve } from './adaptive-world.ts'

describe('waiting by choice', () => {
  /** Takes every slot of one account of two. */
  function fill(world: World, account: string): Promise<Lease[]> {
    const excluded = new Set(['a0', 'a1'].filter(id => id !== account))
    const request = { model: 'm', inputTokens: 100, excluded }
    return Promise.all([1, 2, 3, 4].map(() => world.scheduler.acquire(request)))
  }

  it('waits for a warm account that is full, when reading the prompt again would take longer', async () => {
    const world = adaptive(2)
    const request = { model: 'm', session: 'long', inputTokens: 100_000 }
    const warm = await serve(world, request)
    const fillers = await fill(world, warm)
    const asked = ask(world.scheduler, request)
    await settled()
    expect(asked.lease).toBeUndefined()
    expect(world.scheduler.queueDepth).toBe(1)
    const free = warm === 'a0' ? 'a1' : 'a0'
    const why = new RegExp(`worth it \\(${free} was free, and expected to cost \\d+ ms more than ${warm}\\)`)
    expect(explain(world.scheduler.decisions(1)[0]!).sentences.join('\n')).toMatch(why)
    fillers[0]!.settle({ outcome: { kind: 'ok' } })
    await settled()
    expect(asked.lease?.account.id).toBe(warm)
  })

  it('takes any account once its patience has worn off', async () => {
    const world = adaptive(2)
    const request = { model: 'm', session: 'long', inputTokens: 100_000 }
    const warm = await serve(world, request)
    await fill(world, warm)
    const asked = ask(world.scheduler, request)
    world.clock.advance(3_999)
    await settled()
    expect(asked.lease).toBeUndefined()
    world.clock.advance(1)
    await settled()
    expect(asked.lease?.account.id).not.toBe(warm)
    expect(asked.lease?.waitedMs).toBe(4_000)
  })

  it('waits for any of several full accounts rather than go to a free one that is ten times slower', async () => {
    const world = createWorld({ accounts: accounts(6, 8), profile: adaptiveProfile() })
    const ids = accounts(6).map(({ id }) => id)
    const only = (id: string) => new Set(ids.filter(other => other !== id))
    for (let i = 0; i < 4; i++) await serve(world, { model: 'm', excluded: only('a0') }, 8_000)
    const rest = { model: 'm', inputTokens: 100, excluded: new Set(['a0']) }
    const held = await Promise.all(Array.from({ length: 40 }, () => world.scheduler.acquire(rest)))
    const asked = [1, 2, 3].map(() => ask(world.scheduler, { model: 'm', inputTokens: 100 }))
    await settled()
    expect(asked.map(({ lease }) => lease)).toEqual([undefined, undefined, undefined])
    held[7]!.settle({ outcome: { kind: 'ok' } })
    await settled()
    expect(asked[0]!.lease?.account.id).toBe(held[7]!.account.id)
  })

  it('does not wait for what a short prompt would save', async () => {
    const world = adaptive(2)
    const request = { model: 'm', session: 'short', inputTokens: 200 }
    const warm = await serve(world, request)
    await fill(world, warm)
    const asked = ask(world.scheduler, request)
    await settled()
    expect(asked.lease?.account.id).not.toBe(warm)
  })
})

describe('a queue', () => {
  it('gives a freed slot to the waiter whose prompt is warm there', async () => {
    const world = adaptive(1, {
      accounts: [
        { id: 'a0', concurrency: 1 },
        { id: 'a1', concurrency: 1 },
      ],
    })
    const warm = { model: 'm', session: 'warm', inputTokens: 50_000 }
    const at = await serve(world, warm)
    const held = await Promise.all(
      [1, 2].map(() => world.scheduler.acquire({ model: 'm', inputTokens: 100 })),
    )
    const cold = ask(world.scheduler, { model: 'm', session: 'cold', inputTokens: 50_000 })
    const later = ask(world.scheduler, warm)
    held.find(lease => lease.account.id === at)!.settle({ outcome: { kind: 'ok' } })
    await settled()
    expect(later.lease?.account.id).toBe(at)
    expect(cold.lease).toBeUndefined()
  })

  it('turns away who would wait longer than the limit, but never the first four, and says when to come back', async () => {
    const world = adaptive(1, { accounts: [{ id: 'a0', concurrency: 1 }] })
    const request = { model: 'm', inputTokens: 100 }
    for (let i = 0; i < 8; i++) await serve(world, request, 5_000)
    const held = await world.scheduler.acquire(request)
    const asked = [1, 2, 3, 4].map(() => ask(world.scheduler, request))
    const shed = ask(world.scheduler, request)
    await settled()
    expect(shed.error?.code).toBe('queue_full')
    expect(shed.error?.retryAfterMs).toBeGreaterThanOrEqual(1_000)
    expect(asked.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined])
    held.settle({ outcome: { kind: 'ok' } })
    await settled()
    expect(asked[0]!.lease).toBeDefined()
  })

  it('turns nobody away on a guess of how long slots are held', async () => {
    const world = adaptive(1, { accounts: [{ id: 'a0', concurrency: 1 }] })
    const request = { model: 'm', inputTokens: 100 }
    await serve(world, request, 5_000)
    await world.scheduler.acquire(request)
    const asked = Array.from({ length: 20 }, () => ask(world.scheduler, request))
    await settled()
    expect(asked.every(({ error }) => error === undefined)).toBe(true)
  })
})

describe('a queue that stands', () => {
  /** Ten slots held for a second each, and a queue that is never empty; answers what somebody who comes after `ms` hears. */
  async function after(ms: number) {
    const world = adaptive(1, { accounts: [{ id: 'a0', concurrency: 10 }], profile: PATIENT })
    const request = { model: 'm', inputTokens: 100 }
    for (let i = 0; i < 200; i++) {
      const lease = await world.scheduler.acquire(request)
      world.clock.advance(1_000)
      lease.settle({ outcome: { kind: 'ok' } })
    }
    const held = await Promise.all(Array.from({ length: 10 }, () => world.scheduler.acquire(request)))
    const asked = Array.from({ length: 15 }, () => ask(world.scheduler, request))
    await settled()
    world.clock.advance(ms)
    const last = ask(world.scheduler, request)
    await settled()
    for (const lease of held) lease[Symbol.dispose]()
    expect(asked.every(({ error }) => error === undefined)).toBe(true)
    return last.error?.message
  }

  const PATIENT = adaptiveProfile({ wait: { pool: { timeoutMs: 600_000, max: 100, shedMs: 10_000 } } })

  it('is let grow while it may be a burst, and kept short from two minutes on', async () => {
    expect(await after(119_000)).toBeUndefined()
    expect(await after(121_000)).toMatch(/the limit is 750 ms in a queue that was not empty for two minutes/)
  })
})

describe('whose turn it is within a tenant', () => {
  const patient = adaptiveProfile({ wait: { pool: { timeoutMs: 300_000, max: 50 } } })
  const pair = () =>
    createWorld({
      accounts: [
        { id: 'a0', concurrency: 1 },
        { id: 'a1', concurrency: 1 },
      ],
      profile: patient,
    })

  /** Of two that wait, who gets the slot that comes free: the one that came first, or the other one so much later. */
  async function served(
    first: Parameters<World['scheduler']['acquire']>[0],
    second: Parameters<World['scheduler']['acquire']>[0],
    laterMs: number,
  ): Promise<'first' | 'second'> {
    const world = pair()
    await serve(world, { model: 'm', session: 'warm', inputTokens: 20_000, excluded: new Set(['a1']) }, 2_500)
    const held = await Promise.all(
      [1, 2].map(() => world.scheduler.acquire({ model: 'm', inputTokens: 100 })),
    )
    for (const lease of held) lease.firstToken()
    const before = ask(world.scheduler, first)
    await settled()
    world.clock.advance(laterMs)
    const after = ask(world.scheduler, second)
    await settled()
    world.clock.advance(10)
    held.find(({ account }) => account.id === 'a0')!.settle({ outcome: { kind: 'ok' } })
    await settled()
    expect([before, after].filter(({ lease }) => lease !== undefined)).toHaveLength(1)
    return before.lease === undefined ? 'second' : 'first'
  }

  const cold = (inputTokens: number) => ({ model: 'm', session: `cold ${inputTokens}`, inputTokens })

  it('is a matter of how long a wait is beside what the answer takes', async () => {
    // 40,000 tokens take nine times as long as 100: the short one has waited nine times as much after a ninth of the time.
    expect(await served(cold(40_000), cold(100), 0)).toBe('second')
    expect(await served(cold(100), cold(100), 500)).toBe('first')
    expect(await served(cold(40_000), cold(100), 500)).toBe('first')
  })

  it('is that of a warm prompt although another waited, three times as long as its cache saves, and no longer', async () => {
    const warm = { model: 'm', session: 'warm', inputTokens: 20_100 }
    // It saves some two seconds of half a second: (0 + 3 x 2 s) / 0.5 s, against a wait over 2.5 s.
    expect(await served(cold(20_000), warm, 20_000)).toBe('second')
    expect(await served(cold(20_000), warm, 45_000)).toBe('first')
  })
})
