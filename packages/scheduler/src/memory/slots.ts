import type { LoadListener, Slot, SlotBatch, SlotStore, Unsubscribe } from '../ports.ts'

/** Slots counted in this process: {@link SlotStore} without leases, so nothing runs out and nothing is lost. */
export interface MemorySlotStore extends SlotStore {
  acquireFirst(batch: SlotBatch): Slot | null
  release(slot: Slot): void
  renew(slots: readonly Slot[]): void
  /** Slots in use at an account now. */
  inUse(account: string): number
  /** Counters held, among them those of accounts that have been idle for a while. */
  readonly size: number
}

interface Counter {
  inUse: number
}

interface MemorySlot extends Slot {
  /** Null once released: that is what makes `release` idempotent. */
  counter: Counter | null
  readonly origin: LoadListener
}

/** Below this many counters, looking for idle ones is not worth it. */
const sweepFloor = 1024

/**
 * A slot store for one process, or for several schedulers of one process that share accounts.
 *
 * Synchronous; one Map look-up and one small object an acquisition. Listeners hear of what others did, and a
 * new listener at once of every load there is. Waiting counts are told as 0: each scheduler knows its own
 * queue. Counters of idle accounts are dropped as the map grows, so accounts that come and go leak nothing.
 */
export function createMemorySlots(): MemorySlotStore {
  const counters = new Map<string, Counter>()
  // Replaced, never changed: a listener may come or go while the others are being told.
  let listeners: readonly LoadListener[] = []
  let sweepAt = sweepFloor

  function addCounter(account: string): Counter {
    if (counters.size >= sweepAt) {
      for (const [id, counter] of counters) if (counter.inUse === 0) counters.delete(id)
      sweepAt = Math.max(sweepFloor, counters.size * 2)
    }
    const counter = { inUse: 0 }
    counters.set(account, counter)
    return counter
  }

  function tell(origin: LoadListener, account: string, inUse: number): void {
    const told = listeners
    for (let i = 0; i < told.length; i++) {
      const listener = told[i]!
      if (listener !== origin) listener.load(account, inUse, 0)
    }
  }

  return {
    batchSize: 1,

    acquireFirst(batch) {
      const { accounts, limits, results, count } = batch
      for (let i = 0; i < count; i++) {
        const account = accounts[i]!
        const limit = limits[i]!
        const counter = counters.get(account) ?? addCounter(account)
        if (limit > 0 && counter.inUse >= limit) {
          results[i] = 'full'
          continue
        }
        counter.inUse++
        results[i] = 'granted'
        batch.position = i
        const slot: MemorySlot = { account, counter, origin: batch.origin }
        tell(batch.origin, account, counter.inUse)
        return slot
      }
      batch.position = -1
      return null
    },

    release(slot) {
      const held = slot as MemorySlot
      const counter = held.counter
      if (counter === null) return
      held.counter = null
      counter.inUse--
      tell(held.origin, held.account, counter.inUse)
    },

    renew() {},

    subscribe(listener): Unsubscribe {
      listeners = [...listeners, listener]
      for (const [account, counter] of counters) {
        if (counter.inUse > 0) listener.load(account, counter.inUse, 0)
      }
      return () => {
        listeners = listeners.filter(other => other !== listener)
      }
    },

    inUse(account) {
      return counters.get(account)?.inUse ?? 0
    },

    get size() {
      return counters.size
    },
  }
}
