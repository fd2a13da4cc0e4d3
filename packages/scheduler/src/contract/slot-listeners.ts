import type { SlotStore } from '../ports.ts'
import { assertEqual } from './assert.ts'
import { type ContractCase, type ContractOptions, contractCase } from './contract-case.ts'
import { batchOf, createRecordingListener, mustAcquire } from './slot-batch.ts'

/** What listeners of a {@link SlotStore} are told: others' changes, in absolute numbers, and never their own. */
export function listenerCases(options: ContractOptions<SlotStore>): ContractCase[] {
  return [
    contractCase(options, 'tells nobody of a change that is their own', async ({ store, quiet }) => {
      const origin = createRecordingListener()
      store.subscribe(origin)
      const slot = await mustAcquire(store, batchOf(origin, ['a', 2], ['b', 2]))
      await store.release(slot)
      await quiet()
      assertEqual(origin.loads, [], 'loads told to the origin')
    }),
    contractCase(
      options,
      'tells all others what is in use, in absolute numbers',
      async ({ store, peer, eventually }) => {
        const origin = createRecordingListener()
        const near = createRecordingListener()
        const far = createRecordingListener()
        store.subscribe(origin)
        store.subscribe(near)
        peer.subscribe(far)
        const first = await mustAcquire(store, batchOf(origin, ['a', 0]))
        await mustAcquire(store, batchOf(origin, ['a', 0]))
        for (const other of [near, far]) {
          await eventually(() => assertEqual(other.lastInUse('a'), 2, 'in use after two acquisitions'))
        }
        await store.release(first)
        for (const other of [near, far]) {
          await eventually(() => assertEqual(other.lastInUse('a'), 1, 'in use after a release'))
          assertEqual(other.lastInUse('b'), undefined, 'in use of an account that nobody touched')
        }
      },
    ),
    contractCase(
      options,
      'tells the others nothing new when a slot is released again',
      async ({ store, peer, eventually, quiet }) => {
        const origin = createRecordingListener()
        const observer = createRecordingListener()
        peer.subscribe(observer)
        const slot = await mustAcquire(store, batchOf(origin, ['a', 2]))
        await mustAcquire(store, batchOf(origin, ['a', 2]))
        await store.release(slot)
        await store.release(slot)
        await quiet()
        await eventually(() =>
          assertEqual(observer.lastInUse('a'), 1, 'in use after releasing one of two twice'),
        )
      },
    ),
    contractCase(options, 'tells a newcomer the loads there are', async ({ store, peer, eventually }) => {
      const origin = createRecordingListener()
      await mustAcquire(store, batchOf(origin, ['a', 2]))
      await mustAcquire(store, batchOf(origin, ['a', 2]))
      const newcomer = createRecordingListener()
      peer.subscribe(newcomer)
      await eventually(() => assertEqual(newcomer.lastInUse('a'), 2, 'in use as told to the newcomer'))
    }),
    contractCase(
      options,
      'tells nothing to those who unsubscribed, and goes on telling the rest',
      async ({ store, peer, eventually, quiet }) => {
        const gone = createRecordingListener()
        const staying = createRecordingListener()
        const unsubscribe = peer.subscribe(gone)
        peer.subscribe(staying)
        unsubscribe()
        unsubscribe()
        await mustAcquire(store, batchOf(createRecordingListener(), ['a', 2]))
        await eventually(() => assertEqual(staying.lastInUse('a'), 1, 'in use as told to the one who stayed'))
        await quiet()
        assertEqual(gone.loads, [], 'loads told to the one who left')
      },
    ),
  ]
}
