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
    lostOwners: 'refuse',
    blocks: [],
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
  return {
    set,
    apply: (profile: string) => set.apply([account], [pool(profile)]).get('default')!,
    stateIn: (name: string) => set.schedulers.get(name)!.accounts()[0]!.state,
  }
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

  it('lets nobody in through the new scheduler when all were drained before', async () => {
    const { set, apply } = createSet()
    apply('balanced')
    set.drain()
    expect(await takes(apply('load-aware').scheduler)).toBe('draining')
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

describe('an operator’s word about an account', () => {
  const inPools = (...names: string[]) => names.map(name => ({ ...pool('balanced'), name }))

  it('holds in every pool that has the account, and in those that come later', () => {
    const { set, stateIn } = createSet()
    set.apply([account], inPools('one', 'two'))
    set.operate('a', 'drain')
    expect([stateIn('one'), stateIn('two')]).toEqual(['draining', 'draining'])
    set.apply([account], inPools('one', 'two', 'three'))
    expect(stateIn('three')).toBe('draining')
    set.operate('a', 'enable')
    set.apply([account], inPools('one', 'four'))
    expect([stateIn('one'), stateIn('four')]).toEqual(['active', 'active'])
  })

  it('outlives a scheduler that a reload replaces, and reaches one that is still in use', () => {
    const { set, apply, stateIn } = createSet()
    const old = apply('balanced')
    old.exchanges!.begin()
    set.operate('a', 'disable')
    apply('load-aware')
    expect(stateIn('default')).toBe('disabled')
    set.operate('a', 'enable')
    expect([old.scheduler.accounts()[0]!.state, stateIn('default')]).toEqual(['active', 'active'])
  })

  it('waits for an account that a pool takes in only later', () => {
    const { set, stateIn } = createSet()
    const other = { ...account, id: 'b', stateDomain: 'b' } as AccountConfig
    const list = (id: string) => [{ ...pool('balanced'), accounts: [id] }]
    set.apply([account, other], list('b'))
    set.operate('a', 'drain')
    expect(stateIn('default')).toBe('active')
    set.apply([account, other], list('a'))
    expect(stateIn('default')).toBe('draining')
  })
})
