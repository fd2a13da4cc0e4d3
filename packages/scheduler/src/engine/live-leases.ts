import type { Clock, Slot, SlotStore } from '../ports.ts'
import type { SlotLease } from './lease.ts'

/** The slots in hand of a store that lets slots run out, and their upkeep. */
export interface LiveLeases {
  add(lease: SlotLease): void
  remove(lease: SlotLease): void
  /** The lease of a slot; undefined when it ended already. */
  of(slot: Slot): SlotLease | undefined
  close(): void
}

/** Keeps nothing and does nothing for a store without leases. */
export function createLiveLeases(slots: SlotStore, clock: Clock): LiveLeases {
  const live = new Map<Slot, SlotLease>()
  const everyMs = slots.renewEveryMs
  let cancel: (() => void) | undefined

  function renew(): void {
    cancel = undefined
    if (live.size === 0) return
    // A renewal that fails is tried again at the next turn; the store says when a slot is lost.
    try {
      Promise.resolve(slots.renew([...live.keys()])).catch(() => {})
    } catch {}
    arm()
  }

  function arm(): void {
    if (everyMs !== undefined && cancel === undefined && live.size > 0)
      cancel = clock.schedule(everyMs, renew)
  }

  return {
    add(lease) {
      if (everyMs === undefined) return
      live.set(lease.slot, lease)
      arm()
    },
    remove(lease) {
      if (everyMs !== undefined) live.delete(lease.slot)
    },
    of: slot => live.get(slot),
    close() {
      cancel?.()
    },
  }
}
