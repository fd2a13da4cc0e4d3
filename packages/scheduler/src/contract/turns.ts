import type { Slot, Turns } from '../ports.ts'
import { assertEqual } from './assert.ts'
import { type ContractCase, type ContractOptions, contractCase } from './contract-case.ts'

/**
 * What every {@link Turns} promises a node, alone or among others. Which of several waiting nodes is given a
 * slot depends on the slot store beside it: those who share slots between nodes test that with both.
 */
export function turnsContract(options: ContractOptions<Turns>): ContractCase[] {
  return [
    contractCase(
      options,
      'takes announcements of any pool, of any wait, again and again',
      async ({ store }) => {
        for (const pool of ['default', 'a:b', '{x}', '']) {
          for (const oldestWaitMs of [0, 1, 30_000, 0]) await store.announce(pool, oldestWaitMs)
        }
      },
    ),
    contractCase(
      options,
      'reserves nothing while no slot has become free',
      async ({ store, peer, quiet }) => {
        const reserved: Slot[] = []
        const unsubscribe = store.subscribe(slot => reserved.push(slot))
        await store.announce('default', 1_000)
        await peer.announce('default', 2_000)
        await quiet()
        assertEqual(reserved, [], 'slots reserved')
        unsubscribe()
      },
    ),
    contractCase(options, 'lets a subscription be ended twice, others going on', async ({ store }) => {
      const unsubscribe = store.subscribe(() => {})
      const unsubscribeOther = store.subscribe(() => {})
      unsubscribe()
      unsubscribe()
      unsubscribeOther()
      await store.announce('default', 1_000)
    }),
  ]
}
