import { describe, it } from 'vitest'
import {
  accountSourceContract,
  bindingStoreContract,
  type ContractCase,
  clockContract,
  healthStoreContract,
  slotStoreContract,
  turnsContract,
} from '../../src/contract/index.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemoryHealth,
  createMemorySlots,
  createMemoryTurns,
  type MemoryAccountSource,
  type MemoryHealthStore,
} from '../../src/memory/index.ts'
import { createDirectedSlots, type DirectedSlots } from '../conformance/stand-ins.ts'

function holds(name: string, cases: readonly ContractCase[]): void {
  describe(name, () => {
    for (const { name: claim, run } of cases) it(claim, run)
  })
}

const clock = createManualClock()

holds('createMemorySlots', slotStoreContract({ create: createMemorySlots }))
holds(
  'createDirectedSlots',
  slotStoreContract({
    create: () => createDirectedSlots(createMemorySlots()),
    failAt: (store, account) => (store as DirectedSlots).setAcquireError(account, 'fails'),
  }),
)
holds(
  'createMemoryBindings',
  bindingStoreContract({
    create: () => createMemoryBindings({ clock }),
    advance: ms => clock.advance(ms),
  }),
)
holds(
  'createMemoryAccounts',
  accountSourceContract({
    create: () => createMemoryAccounts([]),
    replace: (source, accounts) => (source as MemoryAccountSource).replace(accounts),
  }),
)
holds(
  'createMemoryHealth',
  healthStoreContract({ create: createMemoryHealth, peer: store => (store as MemoryHealthStore).peer() }),
)
holds('createMemoryTurns', turnsContract({ create: createMemoryTurns }))
holds('createManualClock', clockContract({ create: () => clock, advance: ms => clock.advance(ms) }))
