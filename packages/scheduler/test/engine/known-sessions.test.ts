import { describe, expect, it } from 'vitest'
import { type BindingStore, balancedProfile, classicProfile, createScheduler } from '../../src/index.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '../../src/memory/index.ts'

function world(profile = balancedProfile(), bindings?: BindingStore) {
  const clock = createManualClock()
  return createScheduler({
    pool: 'p',
    profile,
    accounts: createMemoryAccounts([{ id: 'a', order: 0 }]),
    slots: createMemorySlots(),
    bindings: bindings ?? createMemoryBindings({ clock }),
    clock,
    random: createSeededRandom(1),
  })
}

describe.each([
  ['balanced', balancedProfile()],
  ['classic', classicProfile()],
])('a session in the profile %s', (_name, profile) => {
  it('is known once it was served, to its own tenant only', async () => {
    const scheduler = world(profile)
    const request = { tenant: 't', session: 's' }
    expect(await scheduler.knowsSession(request)).toBe(false)
    const lease = await scheduler.acquire({ ...request, model: 'm' })
    lease.settle({ outcome: { kind: 'ok' } })
    expect(await scheduler.knowsSession(request)).toBe(true)
    expect(await scheduler.knowsSession({ tenant: 'other', session: 's' })).toBe(false)
    expect(await scheduler.knowsSession({ tenant: 't' })).toBe(false)
  })
})

it('is unknown to a store that does not answer', async () => {
  const clock = createManualClock()
  const fails = () => Promise.reject(new Error('down'))
  const scheduler = world(balancedProfile(), { ...createMemoryBindings({ clock }), get: fails })
  expect(await scheduler.knowsSession({ tenant: 't', session: 's' })).toBe(false)
})
