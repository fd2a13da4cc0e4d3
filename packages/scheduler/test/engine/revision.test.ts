import { describe, expect, it } from 'vitest'
import { type Account, balancedProfile, createScheduler, type Lease } from '../../src/index.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '../../src/memory/index.ts'

const account = (revision: string): Account => ({ id: 'a', order: 0, concurrency: 2, revision })

function world() {
  const clock = createManualClock()
  const accounts = createMemoryAccounts([account('old key')])
  const scheduler = createScheduler({
    profile: balancedProfile(),
    accounts,
    slots: createMemorySlots(),
    bindings: createMemoryBindings({ clock }),
    clock,
    random: createSeededRandom(1),
  })
  const lease = (): Lease => {
    const selection = scheduler.select({ model: 'm' })
    if (selection instanceof Promise || selection.kind !== 'selected') throw new Error('no slot')
    return selection.lease
  }
  const stateNow = () => scheduler.accounts()[0]!.state
  return { accounts, lease, stateNow }
}

describe('an account with a new credential', () => {
  it('is free of the cool-down its old key earned', () => {
    const { accounts, lease, stateNow } = world()
    lease().settle({ outcome: { kind: 'auth_broken' } })
    expect(stateNow()).toBe('cooling_down')
    accounts.replace([account('old key')])
    expect(stateNow()).toBe('cooling_down')
    accounts.replace([account('new key')])
    expect(stateNow()).toBe('active')
  })

  it('does not pay for a request that still ran with the old one', () => {
    const { accounts, lease, stateNow } = world()
    const running = lease()
    accounts.replace([account('new key')])
    running.settle({ outcome: { kind: 'auth_broken' } })
    expect(stateNow()).toBe('active')
    expect(lease().held).toBe(true)
  })
})
