import type { Clock, Slot, SlotStore } from '../ports.ts'
import { isPromise } from './maybe-promise.ts'

const RETRY_MS = 1_000

/** Gives slots back; never throws. */
export interface Releases {
  release(slot: Slot): void
  close(): void
}

/**
 * Creates the releases of a store. One that fails goes on in the background until the store acknowledges it: a slot
 * that is forgotten here stays taken for everyone. `acknowledged` hears of those that took their time: whoever
 * asked for the slot in between was told that it is taken.
 */
export function createReleases(
  slots: SlotStore,
  clock: Clock,
  acknowledged: (account: string) => void,
): Releases {
  const retries = new Set<() => void>()

  function again(slot: Slot): void {
    const cancel = clock.schedule(RETRY_MS, () => {
      retries.delete(cancel)
      if (release(slot) === 'done') acknowledged(slot.account)
    })
    retries.add(cancel)
  }

  function release(slot: Slot): 'done' | 'later' {
    try {
      const answer = slots.release(slot)
      if (!isPromise(answer)) return 'done'
      answer.then(
        () => acknowledged(slot.account),
        () => again(slot),
      )
    } catch {
      again(slot)
    }
    return 'later'
  }

  return {
    release,
    close() {
      for (const cancel of retries) cancel()
    },
  }
}
