import { describe, expect, it } from 'vitest'
import { balancedProfile, classicProfile } from '../../src/index.ts'
import { createWorld } from '../engine/world.ts'

// Eight urgent accounts with one slot each, and one that ranks last: the top 7 never hold it.
const accounts = [
  ...Array.from({ length: 8 }, (_, i) => ({ id: `full-${i}`, concurrency: 1, priority: 0 })),
  { id: 'idle-far', concurrency: 2, priority: 9 },
  { id: 'idle-near', concurrency: 1, priority: 5 },
]

describe.each([1, 3, 64])('with a store that is asked for %i at once', batchSize => {
  it('everyone else is tried in rank order after the top K, before anyone waits', async () => {
    const { scheduler, slots } = createWorld({ profile: balancedProfile(), accounts, batchSize })
    // Taken behind the scheduler's back: its columns show room everywhere.
    for (let i = 0; i < 8; i++) slots.occupy(`full-${i}`)
    const tried = async () => {
      const selection = await scheduler.select({ model: 'm' })
      return selection.kind === 'selected' ? selection.lease.account.id : selection.kind
    }
    expect([await tried(), await tried(), await tried(), await tried()]).toEqual([
      'idle-near',
      'idle-far',
      'idle-far',
      'wait',
    ])
  })

  it.each([
    ['at once', undefined],
    ['later', async () => {}],
  ])('no account is asked twice in one selection, by a store that answers %s', async (_, later) => {
    const { scheduler, slots } = createWorld({ accounts, batchSize, later })
    for (const { id, concurrency } of accounts) for (let i = 0; i < concurrency; i++) slots.occupy(id)
    const selection = await scheduler.select({ model: 'm' })
    expect(selection.kind).toBe('wait')
    expect(slots.asked).toHaveLength(accounts.length)
    expect(new Set(slots.asked).size).toBe(accounts.length)
  })
})

describe('the top K', () => {
  it('is as far as classic looks, like the reference', async () => {
    const { scheduler, slots } = createWorld({ profile: classicProfile(), accounts })
    for (let i = 0; i < 8; i++) slots.occupy(`full-${i}`)
    const selection = await scheduler.select({ model: 'm' })
    expect(selection.kind).toBe('wait')
    expect(slots.asked).toHaveLength(7)
  })

  it('holds the record of who was tried, by draw and then by rank', async () => {
    const { scheduler, slots } = createWorld({ accounts })
    for (let i = 0; i < 8; i++) slots.occupy(`full-${i}`)
    const { decision } = await scheduler.select({ model: 'm' })
    expect(decision!.attempts.map(({ by, result }) => `${by} ${result}`)).toEqual([
      ...Array(7).fill('draw full'),
      'rank full',
      'rank granted',
    ])
  })
})
