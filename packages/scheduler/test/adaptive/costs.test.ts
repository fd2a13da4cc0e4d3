import { describe, expect, it } from 'vitest'
import { adaptiveProfile, type Decision, type Lease } from '../../src/index.ts'
import { createWorld, type World } from '../engine/world.ts'

const pool = (
  ...accounts: { readonly id: string; readonly priority?: number; readonly concurrency?: number }[]
) => createWorld({ accounts: accounts.map(one => ({ concurrency: 4, ...one })), profile: adaptiveProfile() })

const request = { model: 'm', inputTokens: 10_000 }
const only = (world: World, id: string) => ({
  ...request,
  excluded: new Set(world.accounts.list().flatMap(account => (account.id === id ? [] : [account.id]))),
})

/** What each account would cost a request that comes now, term by term, in milliseconds. */
async function costs(world: World, asked: object = {}) {
  const lease = await world.scheduler.acquire({ ...request, ...asked })
  lease[Symbol.dispose]()
  const { rows, termNames } = lease.decision as Decision
  return (account: string, term: string): number => {
    const row = rows.find(one => one.account === account)!
    return term === 'all' ? -row.score : -row.terms[termNames.indexOf(term)]!
  }
}

async function fault(world: World, id: string): Promise<void> {
  const lease: Lease = await world.scheduler.acquire(only(world, id))
  lease.settle({ outcome: { kind: 'server_error' } })
}

// Before anything is known: 500 ms and 0.1 ms a token.
const LINE_MS = 1_500

describe('a request is charged', () => {
  it('for its first token: the line, times what its own slot of four adds', async () => {
    const cost = await costs(pool({ id: 'a' }, { id: 'b' }))
    expect(cost('a', 'ttft')).toBeCloseTo(LINE_MS * (1 + 0.5 / 16), 6)
  })

  it('for crowding an account that is fuller than the others', async () => {
    const world = pool({ id: 'a' }, { id: 'b' })
    for (let i = 0; i < 3; i++) await world.scheduler.acquire(only(world, 'a'))
    const cost = await costs(world)
    expect(cost('a', 'crowding')).toBeCloseTo(5_000 * (1 - 0.625 ** 3), 6)
    expect(cost('b', 'crowding')).toBe(0)
  })

  it('for reading again what another account has warm', async () => {
    const world = pool({ id: 'a' }, { id: 'b' })
    const turn = await world.scheduler.acquire({ ...only(world, 'a'), session: 's' })
    turn.settle({ outcome: { kind: 'ok' } })
    const cost = await costs(world, { session: 's' })
    expect(cost('a', 'cold')).toBe(0)
    expect(cost('b', 'cold')).toBeCloseTo(0.5 * 0.1 * 10_000 + 100 + 0.1 * LINE_MS, 6)
    expect(cost('a', 'ttft')).toBeCloseTo(500 * (1 + 0.5 / 16), 6)
  })

  it('for what will fail', async () => {
    const world = pool({ id: 'a' }, { id: 'b' })
    await fault(world, 'a')
    const cost = await costs(world)
    // p = 1.01 / 5
    expect(cost('a', 'errors')).toBeCloseTo((1.01 / 3.99) * (1_500 + LINE_MS), 6)
    expect(cost('b', 'errors')).toBeLessThan(10)
  })

  it('for the last of a rate limit, by all its tokens', async () => {
    const world = pool({ id: 'a' }, { id: 'b' })
    const told = await world.scheduler.acquire(only(world, 'a'))
    told.reportLimits({ tokens: { limit: 1_000_000, remaining: 110_000, resetMs: 30_000 } })
    told.settle({ outcome: { kind: 'ok' } })
    const cost = await costs(world, { estimatedTokens: 15_000 })
    // A hundredth of the limit is not for use: 0.1 is left, which is 0.8 below a half.
    expect(cost('a', 'headroom')).toBeCloseTo((5_000 * 0.64 * 15_000) / 10_000, 6)
    expect(cost('b', 'headroom')).toBe(0)
  })

  it('for a worse tier', async () => {
    const cost = await costs(pool({ id: 'a', priority: 1 }, { id: 'b', priority: 3 }))
    expect([cost('a', 'tier'), cost('b', 'tier')]).toEqual([0, 4_000])
  })

  it('for a recovering account, the less the longer it is back', async () => {
    const world = pool({ id: 'a' }, { id: 'b' }, { id: 'c' })
    for (let i = 0; i < 3; i++) await fault(world, 'a')
    world.clock.advance(5_000)
    const probe = await world.scheduler.acquire(request)
    expect(probe.account.id).toBe('a')
    probe.settle({ outcome: { kind: 'ok' } })
    const share = async (): Promise<number> => {
      const cost = await costs(world)
      return cost('a', 'slow start') / (0.3 * cost('a', 'ttft'))
    }
    expect(await share()).toBeCloseTo(0.9, 6)
    world.clock.advance(7_500)
    expect(await share()).toBeCloseTo(0.4, 6)
    world.clock.advance(7_500)
    expect(await share()).toBe(0)
  })

  it('for all of that together', async () => {
    const world = pool({ id: 'a', priority: 1 }, { id: 'b', priority: 2 })
    await fault(world, 'b')
    const cost = await costs(world)
    const terms = ['ttft', 'crowding', 'cold', 'errors', 'headroom', 'tier', 'slow start']
    for (const id of ['a', 'b'])
      expect(cost(id, 'all')).toBeCloseTo(
        terms.reduce((sum, term) => sum + cost(id, term), 0),
        6,
      )
  })
})

describe('a cost that is switched off', () => {
  it.each([
    ['crowdingMs', 'crowding'],
    ['cold', 'cold'],
    ['failureMs', 'errors'],
    ['headroomMs', 'headroom'],
    ['tierMs', 'tier'],
    ['slowStart', 'slow start'],
  ])('%s charges nothing', async (weight, term) => {
    const world = createWorld({
      accounts: ['a', 'b', 'c'].map((id, place) => ({ id, concurrency: 4, priority: place })),
      profile: adaptiveProfile({ costs: { [weight]: 0 } }),
    })
    for (let i = 0; i < 3; i++) await fault(world, 'a')
    world.clock.advance(5_000)
    const probe = await world.scheduler.acquire(request)
    probe.reportLimits({ tokens: { limit: 1_000_000, remaining: 110_000, resetMs: 30_000 } })
    probe.settle({ outcome: { kind: 'ok' } })
    for (let i = 0; i < 2; i++) await world.scheduler.acquire(only(world, 'b'))
    const cost = await costs(world)
    for (const id of ['a', 'b', 'c']) expect(Math.abs(cost(id, term))).toBe(0)
  })
})
