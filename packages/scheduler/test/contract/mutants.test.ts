import { describe, expect, it } from 'vitest'
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
  createMemoryHealth,
  createMemoryTurns,
} from '../../src/memory/index.ts'
import type { HealthStore } from '../../src/ports.ts'
import { bindingFaults, createFaultyBindings } from './faulty-bindings.ts'
import {
  type FedAccountSource,
  faultyAccounts,
  faultyClocks,
  faultyHealth,
  faultyTurns,
} from './faulty-ports.ts'
import { createFaultySlots, type FaultySlotStore, type SlotFault, slotFaults } from './faulty-slots.ts'

/** The claims that do not hold, and the whole list of them. */
async function broken(cases: readonly ContractCase[]): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of cases) {
    await run().catch(error => {
      // Every failure says what was expected and what came, but for what a faulty store throws itself.
      expect(error).toBeInstanceOf(Error)
      names.push(name)
    })
  }
  return names
}

/** A port's suite must pass a right implementation, catch every faulty one, and need every one of its cases. */
function catches(
  port: string,
  faults: readonly string[],
  suite: (fault: string | undefined) => ContractCase[],
): void {
  describe(`the ${port} contract`, () => {
    it('passes an implementation without a fault', async () => {
      expect(await broken(suite(undefined))).toEqual([])
    })

    for (const fault of faults) {
      it(`catches one that ${fault}`, async () => {
        expect(await broken(suite(fault))).not.toEqual([])
      })
    }

    it('has no case that every fault gets past', async () => {
      const caught = new Set<string>()
      for (const fault of faults) for (const name of await broken(suite(fault))) caught.add(name)
      expect(suite(undefined).flatMap(({ name }) => (caught.has(name) ? [] : [name]))).toEqual([])
    })

    it('names its cases without repeating itself', () => {
      const names = suite(undefined).map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
    })
  })
}

catches('slot store', slotFaults, fault =>
  slotStoreContract({
    create: () => createFaultySlots(fault as SlotFault | undefined),
    failAt: (store, account) => (store as FaultySlotStore).failAt(account),
  }),
)

catches('binding store', Object.keys(bindingFaults), fault => {
  const clock = createManualClock()
  return bindingStoreContract({
    create: () => createFaultyBindings(fault, clock),
    advance: ms => clock.advance(ms),
  })
})

catches('account source', Object.keys(faultyAccounts), fault =>
  accountSourceContract({
    create: () => (fault === undefined ? createMemoryAccounts([]) : faultyAccounts[fault]!()),
    replace: (source, accounts) => (source as FedAccountSource).replace(accounts),
  }),
)

catches('health store', Object.keys(faultyHealth), fault => {
  const peers = new Map<HealthStore, HealthStore>()
  return healthStoreContract({
    create() {
      const end = createMemoryHealth()
      const [store, peer] = fault === undefined ? [end, end.peer()] : faultyHealth[fault]!()
      peers.set(store, peer)
      return store
    },
    peer: store => peers.get(store)!,
  })
})

catches('turns', Object.keys(faultyTurns), fault =>
  turnsContract({ create: () => (fault === undefined ? createMemoryTurns() : faultyTurns[fault]!()) }),
)

catches('clock', Object.keys(faultyClocks), fault => {
  let clock = createManualClock()
  return clockContract({
    create() {
      clock = fault === undefined ? createManualClock() : faultyClocks[fault]!()
      return clock
    },
    advance: ms => clock.advance(ms),
  })
})
