import { describe, expect, it } from 'vitest'
import type { Lease } from '../../src/index.ts'
import type { World } from '../engine/world.ts'
import { accounts, adaptive } from './adaptive-world.ts'

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
