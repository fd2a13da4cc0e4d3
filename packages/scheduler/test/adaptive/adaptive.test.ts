import { describe, expect, it } from 'vitest'
import { adaptiveProfile, explain, replay } from '../../src/index.ts'
import { createWorld } from '../engine/world.ts'
import { accounts, adaptive, serve } from './adaptive-world.ts'

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
