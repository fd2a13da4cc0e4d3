import type { Clock, Slot, SlotStore } from '../ports.ts'
import { isPromise } from './maybe-promise.ts'

const RETRY_MS = 1_000

/**
 * Gives slots back. A release that fails goes on in the background until the store acknowledges it: a slot that
 * is forgotten here stays taken for everyone. Never throws.
 */
export function createReleases(slots: SlotStore, clock: Clock): { release(slot: Slot): void; close(): void } {
  const retries = new Set<() => void>()

  function again(slot: Slot): void {
    const cancel = clock.schedule(RETRY_MS, () => {
      retries.delete(cancel)
      release(slot)
    })
    retries.add(cancel)
  }

  function release(slot: Slot): void {
    try {
      const answer = slots.release(slot)
      if (isPromise(answer)) answer.catch(() => again(slot))
    } catch {
      again(slot)
    }
  }

  return {
    release,
    close() {
      for (const cancel of retries) cancel()
    },
  }
}
