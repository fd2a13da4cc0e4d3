import type { MaybePromise, Slot, SlotStore } from '../ports.ts'
import { assertEqual, assertThat } from './assert.ts'
import { type ContractCase, type ContractOptions, contractCase } from './contract-case.ts'
import { batchOf, countFree, createRecordingListener, mustAcquire } from './slot-batch.ts'
import { listenerCases } from './slot-listeners.ts'

/** Options of {@link slotStoreContract}. */
export interface SlotStoreContractOptions extends ContractOptions<SlotStore> {
  /** Makes acquisitions at this account fail from now on. Without it, cases about errors are left out. */
  failAt?(store: SlotStore, account: string): MaybePromise<void>
}

/** What every {@link SlotStore} promises: limits, order, release, notification. */
export function slotStoreContract(options: SlotStoreContractOptions): ContractCase[] {
  return [
    ...orderCases(options),
    ...limitCases(options),
    ...releaseCases(options),
    ...listenerCases(options),
    ...(options.failAt === undefined ? [] : errorCases(options, options.failAt)),
  ]
}

function orderCases(options: SlotStoreContractOptions): ContractCase[] {
  return [
    contractCase(
      options,
      'grants the first candidate that has a free slot, in the order given',
      async ({ store }) => {
        const origin = createRecordingListener()
        await mustAcquire(store, batchOf(origin, ['b', 1]))
        const batch = batchOf(origin, ['b', 1], ['c', 1], ['a', 1])
        const slot = await mustAcquire(store, batch)
        assertEqual(slot.account, 'c', 'account of the slot')
        assertEqual(batch.position, 1, 'position in the batch')
        assertEqual(batch.results.slice(0, 2), ['full', 'granted'], 'results up to the granted candidate')
      },
    ),
    contractCase(options, 'takes one slot of one candidate, none of those behind it', async ({ store }) => {
      const origin = createRecordingListener()
      await mustAcquire(store, batchOf(origin, ['a', 2], ['b', 2]))
      assertEqual(await countFree(store, 'a', 2), 1, 'free slots of the granted account')
      assertEqual(await countFree(store, 'b', 2), 2, 'free slots of the account behind it')
    }),
    contractCase(
      options,
      'answers null, position -1 and every result full when none is free',
      async ({ store }) => {
        const origin = createRecordingListener()
        await mustAcquire(store, batchOf(origin, ['a', 1]))
        await mustAcquire(store, batchOf(origin, ['b', 1]))
        const batch = batchOf(origin, ['a', 1], ['b', 1])
        batch.position = 1
        assertEqual(await store.acquireFirst(batch), null, 'slot')
        assertEqual(batch.position, -1, 'position')
        assertEqual(batch.results, ['full', 'full'], 'results')
      },
    ),
    contractCase(options, 'looks at no more than `count` candidates of a reused batch', async ({ store }) => {
      const origin = createRecordingListener()
      await mustAcquire(store, batchOf(origin, ['a', 1]))
      const batch = batchOf(origin, ['a', 1], ['b', 1])
      batch.count = 1
      assertEqual(await store.acquireFirst(batch), null, 'slot')
      batch.count = 0
      assertEqual(await store.acquireFirst(batch), null, 'slot of an empty batch')
      assertEqual(await countFree(store, 'b', 1), 1, 'free slots of the account beyond the count')
    }),
    contractCase(
      options,
      'does not keep the batch: its reuse changes no slot given before',
      async ({ store }) => {
        const origin = createRecordingListener()
        const batch = batchOf(origin, ['a', 1])
        const slot = await mustAcquire(store, batch)
        batch.accounts[0] = 'b'
        batch.limits[0] = 5
        assertEqual(slot.account, 'a', 'account of the slot')
        await store.release(slot)
        assertEqual(await countFree(store, 'a', 1), 1, 'free slots after the release')
      },
    ),
    contractCase(options, 'keeps accounts apart whatever their ids look like', async ({ store }) => {
      const origin = createRecordingListener()
      const ids = ['a', 'A', 'a:1', 'a:1:', '{a}', 'a*', '__proto__', 'constructor', 'é', 'e\u0301', 'a b']
      for (const id of ids) await mustAcquire(store, batchOf(origin, [id, 1]))
      for (const id of ids)
        assertEqual(await countFree(store, id, 1), 0, `free slots of ${JSON.stringify(id)}`)
    }),
  ]
}

function limitCases(options: SlotStoreContractOptions): ContractCase[] {
  return [
    contractCase(
      options,
      'never exceeds a limit, however acquisitions interleave',
      async ({ store, peer }) => {
        const origin = createRecordingListener()
        const granted = await Promise.all(
          Array.from({ length: 40 }, (_, i) =>
            (i % 2 === 0 ? store : peer).acquireFirst(batchOf(origin, ['a', 3])),
          ),
        )
        assertEqual(granted.filter(slot => slot !== null).length, 3, 'slots granted of a limit of 3')
      },
    ),
    contractCase(
      options,
      'grants all that is free over several candidates, and no more',
      async ({ store, peer }) => {
        const origin = createRecordingListener()
        const batch = () => batchOf(origin, ['a', 2], ['b', 3])
        const granted = await Promise.all(
          Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? store : peer).acquireFirst(batch())),
        )
        const accounts = granted.flatMap(slot => (slot === null ? [] : [slot.account])).sort()
        assertEqual(accounts, ['a', 'a', 'b', 'b', 'b'], 'accounts granted')
      },
    ),
    contractCase(options, 'keeps the limit while slots come and go', async ({ store, peer }) => {
      const origin = createRecordingListener()
      const held: Slot[] = []
      for (let step = 0; step < 60; step++) {
        const end = step % 2 === 0 ? store : peer
        const slot = await end.acquireFirst(batchOf(origin, ['a', 4]))
        assertEqual(slot !== null, held.length < 4, `granted with ${held.length} of 4 held (step ${step})`)
        if (slot !== null) held.push(slot)
        // Two steps in three give one back, so the account is full at times and never for good.
        if (step % 3 !== 0 && held.length > 0) await store.release(held.splice(step % held.length, 1)[0]!)
      }
    }),
    contractCase(
      options,
      'takes a limit of 0 or below as unlimited, and counts all the same',
      async ({ store, peer, eventually }) => {
        const observer = createRecordingListener()
        const unsubscribe = peer.subscribe(observer)
        const origin = createRecordingListener()
        for (let i = 0; i < 3; i++) await mustAcquire(store, batchOf(origin, ['a', i - 2]))
        await eventually(() => assertEqual(observer.lastInUse('a'), 3, 'slots in use as told'))
        assertEqual(await store.acquireFirst(batchOf(origin, ['a', 3])), null, 'slot under a limit of 3')
        unsubscribe()
      },
    ),
    contractCase(
      options,
      'goes by the limit given now: a raised one grants, a lowered one waits',
      async ({ store }) => {
        const origin = createRecordingListener()
        const first = await mustAcquire(store, batchOf(origin, ['a', 1]))
        await mustAcquire(store, batchOf(origin, ['a', 2]))
        assertEqual(await store.acquireFirst(batchOf(origin, ['a', 1])), null, 'slot with two in use of one')
        await store.release(first)
        assertEqual(await store.acquireFirst(batchOf(origin, ['a', 1])), null, 'slot with one in use of one')
      },
    ),
  ]
}

function releaseCases(options: SlotStoreContractOptions): ContractCase[] {
  return [
    contractCase(options, 'gives a released slot to the next who asks', async ({ store, peer }) => {
      const origin = createRecordingListener()
      const slot = await mustAcquire(store, batchOf(origin, ['a', 1]))
      await store.release(slot)
      await mustAcquire(peer, batchOf(origin, ['a', 1]))
    }),
    contractCase(options, 'frees one slot only, however often it is released', async ({ store }) => {
      const origin = createRecordingListener()
      const slot = await mustAcquire(store, batchOf(origin, ['a', 2]))
      await mustAcquire(store, batchOf(origin, ['a', 2]))
      await store.release(slot)
      await store.release(slot)
      await Promise.all([store.release(slot), store.release(slot)])
      assertEqual(await countFree(store, 'a', 2), 1, 'free slots with one of two held')
    }),
    contractCase(options, 'frees one slot when it is released twice at the same time', async ({ store }) => {
      const origin = createRecordingListener()
      const slot = await mustAcquire(store, batchOf(origin, ['a', 3]))
      await mustAcquire(store, batchOf(origin, ['a', 3]))
      await Promise.all([store.release(slot), store.release(slot), store.release(slot)])
      assertEqual(await countFree(store, 'a', 3), 2, 'free slots with one of three held')
    }),
    contractCase(
      options,
      'renews what is held, and brings back nothing that was released',
      async ({ store }) => {
        const origin = createRecordingListener()
        const held = await mustAcquire(store, batchOf(origin, ['a', 2]))
        const released = await mustAcquire(store, batchOf(origin, ['a', 2]))
        await store.release(released)
        await store.renew([held, released])
        await store.renew([])
        assertEqual(await countFree(store, 'a', 2), 1, 'free slots with one of two held')
      },
    ),
  ]
}

function errorCases(
  options: SlotStoreContractOptions,
  failAt: NonNullable<SlotStoreContractOptions['failAt']>,
): ContractCase[] {
  return [
    contractCase(
      options,
      'marks a candidate that fails with its error and ends the batch there',
      async ({ store }) => {
        const origin = createRecordingListener()
        await failAt(store, 'b')
        await mustAcquire(store, batchOf(origin, ['a', 1]))
        const batch = batchOf(origin, ['a', 1], ['b', 1], ['c', 1])
        assertEqual(await store.acquireFirst(batch), null, 'slot')
        assertEqual(batch.position, -1, 'position')
        assertEqual(batch.results[0], 'full', 'result of the candidate before')
        const failed = batch.results[1]
        assertThat(
          typeof failed === 'object' && failed.error !== undefined,
          'the failed candidate bears its error',
          failed,
        )
        assertEqual(batch.results[2], 'untried', 'result of the candidate behind')
        assertEqual(await countFree(store, 'c', 1), 1, 'free slots of the candidate behind')
      },
    ),
    contractCase(
      options,
      'never reaches a failing candidate behind one that is granted',
      async ({ store }) => {
        const origin = createRecordingListener()
        await failAt(store, 'b')
        const slot = await mustAcquire(store, batchOf(origin, ['a', 1], ['b', 1]))
        assertEqual(slot.account, 'a', 'account of the slot')
      },
    ),
  ]
}
