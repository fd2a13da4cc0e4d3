import type { AccountEvent } from '../model/account-state.ts'

/** The last changes of accounts' states, for whoever looks later. */
export interface AccountEvents {
  add(event: AccountEvent): void
  /** Newest first. */
  latest(limit: number): AccountEvent[]
}

export const MAX_EVENTS = 256

/** Keeps the last {@link MAX_EVENTS}. */
export function createAccountEvents(): AccountEvents {
  const ring: AccountEvent[] = []
  let added = 0
  return {
    add(event) {
      ring[added++ % MAX_EVENTS] = event
    },
    latest(limit) {
      const count = Math.min(Math.max(0, Math.floor(limit)), ring.length)
      return Array.from({ length: count }, (_, i) => ring[(added - 1 - i) % MAX_EVENTS]!)
    },
  }
}
