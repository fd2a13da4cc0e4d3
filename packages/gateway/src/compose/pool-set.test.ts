import type { Scheduler } from '@headgate/scheduler'
import {
  createManualClock,
  createMemoryBindings,
  createMemoryHealth,
  createMemorySlots,
  createSeededRandom,
} from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import type { AccountConfig, PoolConfig } from '../config/config.ts'
import { createPoolSet } from './pool-set.ts'

const account = {
  id: 'a',
  kind: 'openai-compatible',
  enabled: true,
  baseUrl: 'http://a.test/v1',
  stateDomain: 'a',
  concurrency: 1,
  capabilities: {},
} as unknown as AccountConfig

const pool = (profile: string): PoolConfig =>
  ({
    name: 'default',
    accounts: ['a'],
    scheduler: { profile, wait: { timeoutMs: 30_000, ownerTimeoutMs: 45_000, max: 10 } },
    commit: 'hold',
    unknownOwners: 'refuse',
  }) as unknown as PoolConfig

function createSet() {
  const clock = createManualClock()
  const health = createMemoryHealth()
  const ports = {
    slots: createMemorySlots(),
    bindings: createMemoryBindings({ clock, maxEntries: 10 }),
    clock,
    random: createSeededRandom(1),
    health: () => health.peer(),
  }
  const set = createPoolSet(ports, () => () => {})
  return { set, apply: (profile: string) => set.apply([account], [pool(profile)]).get('default')! }
}

const takes = async (scheduler: Scheduler): Promise<string> => {
  try {
    const lease = await scheduler.acquire({ model: 'm' })
    lease[Symbol.dispose]()
    return 'taken'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a pool whose scheduling changes', () => {
  it('keeps its old scheduler for as long as an exchange that began with it is under way', async () => {
    const { apply } = createSet()
    const old = apply('balanced')
    old.exchanges!.begin()
    old.exchanges!.begin()
    const fresh = apply('load-aware')
    expect(fresh.scheduler).not.toBe(old.scheduler)
    expect(await takes(old.scheduler)).toBe('taken')
    old.exchanges!.end()
    expect(await takes(old.scheduler)).toBe('taken')
    old.exchanges!.end()
    expect(await takes(old.scheduler)).toBe('draining')
    expect(await takes(fresh.scheduler)).toBe('taken')
  })

  it('closes the old one at once when nobody uses it', async () => {
    const { apply } = createSet()
    const old = apply('balanced')
    apply('load-aware')
    expect(await takes(old.scheduler)).toBe('draining')
  })

  it('counts exchanges over reloads that change something else', async () => {
    const { apply } = createSet()
    const first = apply('balanced')
    first.exchanges!.begin()
    const second = apply('balanced')
    expect(second.scheduler).toBe(first.scheduler)
    apply('load-aware')
    expect(await takes(first.scheduler)).toBe('taken')
    first.exchanges!.end()
    expect(await takes(first.scheduler)).toBe('draining')
  })

  it('has its old scheduler drained and closed with the others', async () => {
    for (const end of ['drain', 'close'] as const) {
      const { set, apply } = createSet()
      const old = apply('balanced')
      old.exchanges!.begin()
      apply('load-aware')
      set[end]()
      expect(await takes(old.scheduler)).toBe('draining')
    }
  })
})
