import { describe, expect, it } from 'vitest'
import { adaptiveProfile } from '../../src/index.ts'
import { createWorld } from '../engine/world.ts'

const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `a${from + i}`)
const large = (n: number, facts: (i: number) => object = () => ({})) =>
  createWorld({
    accounts: ids(0, n).map((id, i) => ({ id, concurrency: 4, ...facts(i) })),
    profile: adaptiveProfile(),
  })

describe('in a pool too large to compare whole', () => {
  it('a request that has failed at all accounts but one goes to that one at once', async () => {
    const world = large(200)
    const request = { model: 'm', excluded: new Set(ids(0, 199)) }
    const lease = await world.scheduler.acquire(request)
    expect(lease.account.id).toBe('a199')
    expect(lease.decision!.filtered).toMatchObject({ excluded: 199, limited: 0, unavailable: 0 })
    expect(lease.decision!.candidateCount).toBe(1)
  })

  it('a request finds the only account whose limit it fits into', async () => {
    const world = large(200)
    const far = world.clock.wallMs() + 60_000
    for (const id of ids(0, 199)) world.change(id, { modelLimitedUntilMs: { m: far } })
    const lease = await world.scheduler.acquire({ model: 'm' })
    expect(lease.account.id).toBe('a199')
    expect(lease.decision!.filtered).toMatchObject({ excluded: 0, limited: 199 })
  })

  it('tells those that limits bar from those that failed, among the accounts that were drawn', async () => {
    const far = 1e15
    const world = large(200, i => (i % 2 === 0 ? { modelLimitedUntilMs: { m: far } } : {}))
    const lease = await world.scheduler.acquire({ model: 'm', excluded: new Set(ids(0, 1)) })
    const { filtered, candidateCount } = lease.decision!
    expect(filtered.limited).toBeGreaterThan(0)
    expect(filtered.limited + filtered.excluded + candidateCount).toBeLessThanOrEqual(16)
  })

  it('the few accounts of the best tier are used before the many of the next', async () => {
    const world = large(200, i => ({ priority: i < 2 ? 0 : 1 }))
    const used: string[] = []
    for (let i = 0; i < 6; i++) {
      const lease = await world.scheduler.acquire({ model: 'm', inputTokens: 100 })
      used.push(lease.account.id)
    }
    expect([...new Set(used)].sort()).toEqual(['a0', 'a1'])
  })

  it('the next tier serves once a slot of the best would take longer, and a worse one is not even compared', async () => {
    const world = large(300, i => ({ priority: i < 1 ? 0 : i < 150 ? 1 : 2 }))
    for (let i = 0; i < 4; i++) await world.scheduler.acquire({ model: 'm', excluded: new Set(ids(1, 300)) })
    const lease = await world.scheduler.acquire({ model: 'm', inputTokens: 100 })
    expect(lease.decision!.rows.find(({ account }) => account === lease.account.id)?.priority).toBe(1)
    expect(lease.decision!.candidateCount).toBeLessThanOrEqual(1 + 12 + 3)
  })
})
