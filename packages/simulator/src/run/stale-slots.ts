import type { Clock, LoadListener, Slot, SlotBatch, SlotStore } from '@headgate/scheduler'

/**
 * One gateway's end of slots that others use too: what they did is heard of only after a while, what it did itself at
 * once. Slots themselves are never stale: the store refuses whatever is over a limit.
 */
export function createStaleSlots(store: SlotStore, clock: Clock, staleMs: number): SlotStore {
  /** This end's own slots, and what it was told of the others'. */
  const own = new Map<string, number>()
  const others = new Map<string, number>()
  let ends: readonly LoadListener[] = []

  function count(account: string, by: number): void {
    own.set(account, (own.get(account) ?? 0) + by)
  }

  function hear(account: string, foreign: number): void {
    if ((others.get(account) ?? 0) === foreign) return
    others.set(account, foreign)
    for (const end of ends) end.load(account, foreign + (own.get(account) ?? 0), 0)
  }

  const listener: LoadListener = {
    load(account, inUse) {
      const foreign = inUse - (own.get(account) ?? 0)
      clock.schedule(staleMs, () => hear(account, foreign))
    },
    readable: state => {
      for (const end of ends) end.readable(state)
    },
    lost: slot => {
      for (const end of ends) end.lost(slot)
    },
  }
  store.subscribe(listener)

  return {
    batchSize: store.batchSize ?? 1,
    acquireFirst(batch: SlotBatch) {
      const asked: SlotBatch = { ...batch, origin: listener }
      const slot = store.acquireFirst(asked) as Slot | null
      batch.position = asked.position
      if (slot !== null) count(slot.account, 1)
      return slot
    },
    release(slot) {
      count(slot.account, -1)
      return store.release(slot)
    },
    renew: slots => store.renew(slots),
    subscribe(end) {
      ends = [...ends, end]
      return () => {
        ends = ends.filter(other => other !== end)
      }
    },
  }
}
