import { describe, expect, it } from 'vitest'
import { adaptiveProfile, explain, type Lease, replay } from '../../src/index.ts'
import { ask, createWorld, settled, type World } from '../engine/world.ts'

const accounts = (n: number, concurrency = 4) =>
  Array.from({ length: n }, (_, i) => ({ id: `a${i}`, concurrency }))

const adaptive = (n: number, options: Partial<Parameters<typeof createWorld>[0]> = {}) =>
  createWorld({ accounts: accounts(n), profile: adaptiveProfile(), ...options })

/** One whole request: its first token after `ttftMs`, its end a second later. */
async function serve(world: World, request: Parameters<World['scheduler']['acquire']>[0], ttftMs = 500) {
  const lease = await world.scheduler.acquire(request)
  world.clock.advance(ttftMs)
  lease.firstToken()
  world.clock.advance(1_000)
  const usage = { inputTokens: request.inputTokens ?? 0, cachedTokens: 0, outputTokens: 100 }
  lease.settle({ outcome: { kind: 'ok' }, usage })
  return lease.account.id
}

describe('a session', () => {
  it('stays where its prompt is warm, and says so', async () => {
    const world = adaptive(8)
    const request = { model: 'm', session: 'one', inputTokens: 20_000 }
    const first = await serve(world, request)
    for (let turn = 0; turn < 5; turn++) expect(await serve(world, request)).toBe(first)
    expect(world.scheduler.metrics().stickySessionHitTotal).toBe(5)
  })

  it('leaves an account that has become much slower than its cache is worth', async () => {
    const world = adaptive(8)
    const request = { model: 'm', session: 'one', inputTokens: 2_000 }
    const first = await serve(world, request)
    let at = first
    for (let turn = 0; turn < 6 && at === first; turn++) at = await serve(world, request, 20_000)
    expect(at).not.toBe(first)
  })

  it('finds its account again after a restart, by its binding alone', async () => {
    const world = adaptive(8)
    const request = { model: 'm', session: 'one', inputTokens: 20_000 }
    const first = await serve(world, request)
    const again = createWorld({
      accounts: accounts(8),
      profile: adaptiveProfile(),
      clock: world.clock,
      wrapBindings: () => world.bindings,
      seed: 99,
    })
    expect(await serve(again, request)).toBe(first)
  })

  it('goes to another account at once when the warm one is gone', async () => {
    const world = adaptive(3)
    const request = { model: 'm', session: 'one', inputTokens: 20_000 }
    const first = await serve(world, request)
    world.change(first, 'remove')
    expect(await serve(world, request)).not.toBe(first)
  })
})

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

describe('choosing', () => {
  it('avoids an account that fails, before it is ejected', async () => {
    const world = adaptive(4)
    let failed: string | undefined
    for (let i = 0; i < 2; i++) {
      const lease = await world.scheduler.acquire({
        model: 'm',
        inputTokens: 1_000,
        excluded: new Set(
          failed === undefined
            ? []
            : accounts(4)
                .map(({ id }) => id)
                .filter(id => id !== failed),
        ),
      })
      failed = lease.account.id
      lease.settle({ outcome: { kind: 'server_error' } })
    }
    for (let i = 0; i < 12; i++) {
      const lease = await world.scheduler.acquire({ model: 'm', inputTokens: 1_000 })
      expect(lease.account.id).not.toBe(failed)
      lease.settle({ outcome: { kind: 'ok' } })
    }
  })

  it('notices that an account is late before its first answer', async () => {
    const world = adaptive(2)
    const first = await world.scheduler.acquire({ model: 'm', inputTokens: 1_000 })
    world.clock.advance(20_000)
    for (let i = 0; i < 3; i++) {
      const lease = await world.scheduler.acquire({ model: 'm', inputTokens: 1_000 })
      expect(lease.account.id).not.toBe(first.account.id)
    }
  })

  it('uses a better tier alone until it would make a request wait much longer', async () => {
    const world = createWorld({
      accounts: [
        { id: 'first', concurrency: 4, priority: 1 },
        { id: 'second', concurrency: 4, priority: 2 },
      ],
      profile: adaptiveProfile(),
    })
    for (let i = 0; i < 4; i++) {
      expect((await world.scheduler.acquire({ model: 'm', inputTokens: 500 })).account.id).toBe('first')
    }
    expect((await world.scheduler.acquire({ model: 'm', inputTokens: 500 })).account.id).toBe('second')
  })

  it('compares twelve accounts of a thousand, and finds an idle one among full ones', async () => {
    const world = createWorld({
      accounts: accounts(1_000, 1),
      profile: adaptiveProfile(),
    })
    for (let i = 0; i < 999; i++) await world.scheduler.acquire({ model: 'm', inputTokens: 500 })
    const last = await world.scheduler.acquire({ model: 'm', inputTokens: 500 })
    expect(last.decision!.candidateCount).toBe(12)
    expect(world.scheduler.accounts().every(({ inUse }) => inUse === 1)).toBe(true)
  })

  it('records costs term by term that add up to the score, in milliseconds', async () => {
    const world = adaptive(8)
    const lease = await world.scheduler.acquire({ model: 'm', session: 's', inputTokens: 3_000 })
    const decision = lease.decision!
    expect(replay(decision).scoresAgree).toBe(true)
    expect(decision.termNames).toContain('ttft')
    expect(decision.rows[0]!.score).toBeLessThan(-500)
    expect(explain(decision).columns.slice(0, 3)).toEqual(['account', 'cost ms', 'ttft'])
    expect(explain(decision).rows[0]![1]).toBeGreaterThan(500)
  })

  it('is told by its cost, and by chance only where it was that', async () => {
    const world = adaptive(8)
    for (let i = 0; i < 20; i++) {
      const { decision, account } = await world.scheduler.acquire({ model: 'm', inputTokens: 1_000 })
      const told = explain(decision!).sentences.join('\n')
      expect(told).toContain('tried in the order of what serving the request there is expected to cost')
      expect(told.includes('chance decided')).toBe(decision!.rows[0]!.account !== account.id)
    }
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

describe('answers that come whole', () => {
  const whole = { model: 'm', inputTokens: 1_000, whole: true }

  /** One answer of each of four accounts, one of which takes `slower` times as long. */
  async function round(world: World, slow: string, slower: number): Promise<void> {
    const leases = await Promise.all(
      accounts(4).map(({ id }) =>
        world.scheduler.acquire({
          ...whole,
          excluded: new Set(accounts(4).flatMap(other => (other.id === id ? [] : other.id))),
        }),
      ),
    )
    const settle = (lease: Lease): void => {
      const usage = { inputTokens: 1_000, cachedTokens: 0, outputTokens: 200 }
      lease.settle({ outcome: { kind: 'ok' }, usage })
    }
    world.clock.advance(3_600)
    for (const lease of leases) if (lease.account.id !== slow) settle(lease)
    world.clock.advance(3_600 * (slower - 1))
    settle(leases.find(({ account }) => account.id === slow)!)
  }

  /** What the next request is expected to wait for its first token at each account. */
  async function expectedMs(world: World): Promise<Map<string, number>> {
    using lease = await world.scheduler.acquire(whole)
    return new Map(lease.decision!.rows.map(({ account, terms }) => [account, -terms[0]!]))
  }

  it('are no sign of slowness while they are made', async () => {
    const world = adaptive(2, { accounts: accounts(2, 16) })
    const notA1 = new Set(['a1'])
    for (let i = 0; i < 2; i++) await world.scheduler.acquire({ ...whole, excluded: notA1 })
    world.clock.advance(60_000)
    const expected = await expectedMs(world)
    expect(expected.get('a0')! / expected.get('a1')!).toBeLessThan(1.2)
  })

  it('show an account that takes three times as long, and that it does so no more', async () => {
    const world = adaptive(4)
    for (let i = 0; i < 12; i++) await round(world, 'a2', 3)
    const sick = await expectedMs(world)
    expect(sick.get('a2')! / sick.get('a1')!).toBeGreaterThan(1.3)
    for (let i = 0; i < 20; i++) await round(world, 'a2', 1)
    const healed = await expectedMs(world)
    expect(healed.get('a2')! / healed.get('a1')!).toBeLessThan(1.2)
  })

  it('correct a first guess that is too slow, so that it is no merit of the account they came from', async () => {
    const world = adaptive(2)
    for (let i = 0; i < 12; i++) {
      const lease = await world.scheduler.acquire({ ...whole, excluded: new Set(['a1']) })
      world.clock.advance(20)
      const usage = { inputTokens: 1_000, cachedTokens: 0, outputTokens: 10 }
      lease.settle({ outcome: { kind: 'ok' }, usage })
    }
    const expected = await expectedMs(world)
    expect(expected.get('a0')).toBeLessThan(150)
    expect(expected.get('a1')! - expected.get('a0')!).toBeLessThan(50)
  })

  it('that say nothing of their length say nothing of their account', async () => {
    const world = adaptive(2)
    const lease = await world.scheduler.acquire(whole)
    lease.settle({ outcome: { kind: 'ok' } })
    const expected = await expectedMs(world)
    expect(expected.get('a0')).toBe(expected.get('a1')!)
  })
})

describe('a cold start', () => {
  const tally = (ids: readonly string[], n: number): number[] =>
    accounts(n).map(({ id }) => ids.filter(other => other === id).length)

  it('takes the slots of equal accounts evenly, not the first account whole', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = createWorld({ accounts: accounts(8, 16), profile: adaptiveProfile(), seed })
      const ids: string[] = []
      for (let i = 0; i < 64; i++)
        ids.push((await world.scheduler.acquire({ model: 'm', inputTokens: 1_000 })).account.id)
      const counts = tally(ids, 8)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(4)
    }
  })

  it('asks every account sooner or later, though one alone would do', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = createWorld({ accounts: accounts(16, 16), profile: adaptiveProfile(), seed })
      const ids: string[] = []
      for (let i = 0; i < 160; i++)
        ids.push(await serve(world, { model: 'm', inputTokens: 1_000 }, 450 + 20 * (i % 5)))
      const counts = tally(ids, 16)
      expect(Math.min(...counts)).toBeGreaterThan(0)
      expect(Math.max(...counts)).toBeLessThan(40)
    }
  })

  it("counts it as nobody's merit that servers are a hundred times faster than the first guess, or slower", async () => {
    for (const ttftMs of [5, 5_000]) {
      for (let seed = 1; seed <= 10; seed++) {
        const world = createWorld({ accounts: accounts(8, 16), profile: adaptiveProfile(), seed })
        const ids: string[] = []
        const at = new Map<string, string>()
        for (let i = 0; i < 80; i++) {
          const session = `s${i}`
          ids.push(await serve(world, { model: 'm', session, inputTokens: 50 }, ttftMs))
          at.set(session, ids[i]!)
        }
        expect(Math.max(...tally(ids, 8))).toBeLessThan(30)
        for (const [session, account] of at)
          expect(await serve(world, { model: 'm', session, inputTokens: 50 }, ttftMs)).toBe(account)
      }
    }
  })
})

describe('an idle pool', () => {
  it('spreads sessions that are warm nowhere, and keeps short ones where they are', async () => {
    const world = adaptive(6)
    const first = new Map<string, string>()
    for (let i = 0; i < 24; i++) {
      const session = `s${i}`
      first.set(session, await serve(world, { model: 'm', session, inputTokens: 20 }))
    }
    expect(new Set(first.values()).size).toBe(6)
    for (const [session, account] of first) {
      expect(await serve(world, { model: 'm', session, inputTokens: 20 })).toBe(account)
    }
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
