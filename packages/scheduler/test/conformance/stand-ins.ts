import type { MemorySlotStore } from '../../src/memory/index.ts'
import type { LoadListener, SlotBatch, SlotStore } from '../../src/ports.ts'

/** A slot store whose surroundings the vectors direct: waiting counts, unreadable loads, failing accounts. */
export interface DirectedSlots extends SlotStore {
  /** Sets how many wait at an account, and tells every listener unless loads cannot be read. */
  setWaiting(account: string, waiting: number): void
  /** Makes loads unreadable, or readable again. */
  setLoadError(state: 'fails' | 'works'): void
  /** Makes acquiring at an account fail with {@link acquireErrorText}, or work again. */
  setAcquireError(account: string, state: 'fails' | 'works'): void
}

/** What the reference's stand-in says when it is told to fail. */
export const acquireErrorText = 'acquire failed'

/**
 * Directs a memory store for a single scheduler: nobody else takes slots, so all it is told comes from here.
 * `batch.count` is narrowed for the inner store while a failing candidate stands in it.
 */
export function createDirectedSlots(inner: MemorySlotStore): DirectedSlots {
  const waiting = new Map<string, number>()
  const failing = new Set<string>()
  const listeners = new Set<LoadListener>()
  const touched = new Set<string>()
  let readable = true

  function tell(account: string): void {
    for (const listener of listeners) listener.load(account, inner.inUse(account), waiting.get(account) ?? 0)
  }

  function acquireFirst(batch: SlotBatch) {
    const { accounts, count } = batch
    for (let i = 0; i < count; i++) touched.add(accounts[i]!)
    const place = accounts.findIndex((account, i) => i < count && failing.has(account))
    if (place === -1) return inner.acquireFirst(batch)
    batch.count = place
    const slot = inner.acquireFirst(batch)
    batch.count = count
    if (slot === null) batch.results[place] = { error: new Error(acquireErrorText) }
    return slot
  }

  return {
    acquireFirst,
    release: slot => inner.release(slot),
    renew: slots => inner.renew(slots),
    subscribe(listener) {
      listeners.add(listener)
      // As it is, not wrapped: the inner store knows by identity whose own change it need not tell.
      const unsubscribe = inner.subscribe(listener)
      return () => {
        listeners.delete(listener)
        unsubscribe()
      }
    },
    setWaiting(account, count) {
      waiting.set(account, count)
      touched.add(account)
      if (readable) tell(account)
    },
    setLoadError(state) {
      readable = state === 'works'
      for (const listener of listeners) listener.readable(readable ? 'restored' : 'lost')
      if (readable) for (const account of touched) tell(account)
    },
    setAcquireError(account, state) {
      if (state === 'fails') failing.add(account)
      else failing.delete(account)
    },
  }
}
