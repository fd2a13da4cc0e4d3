import { nextChangeMs, spareOf } from './allowance.ts'
import type { Entry } from './entry.ts'

/**
 * The least that any entry has to spare, and when the first of them changes by itself: so that one comparison says that nobody
 * is short. Too low after a rise, until it is looked up anew; never too high.
 */
export interface Least {
  readonly nextDueMs: number
  /** An entry has less than it had, or is new. */
  lowered(entry: Entry): void
  /** One has more than it had, or is gone. */
  raised(): void
  /** False when surely every entry has as much to spare. */
  mayBeBelow(tokens: number): boolean
  /** Looks all entries up. */
  lookUp(): void
}

/** Entries are looked up at most so often: while one is short, each release would have them looked up. */
const LOOK_UP_MS = 50

export function createLeast(entries: Iterable<Entry>, monotonicMs: () => number): Least {
  let nextDueMs = Number.POSITIVE_INFINITY
  let requests = Number.POSITIVE_INFINITY
  let tokens = Number.POSITIVE_INFINITY
  let isStale = false
  let lookedUpMs = Number.NEGATIVE_INFINITY

  function lowered(entry: Entry): void {
    if (entry.requests !== undefined) {
      requests = Math.min(requests, spareOf(entry.requests, entry.reservedRequests))
      nextDueMs = Math.min(nextDueMs, nextChangeMs(entry.requests))
    }
    if (entry.tokens !== undefined) {
      tokens = Math.min(tokens, spareOf(entry.tokens, entry.reservedTokens))
      nextDueMs = Math.min(nextDueMs, nextChangeMs(entry.tokens))
    }
  }

  function lookUp(): void {
    isStale = false
    lookedUpMs = monotonicMs()
    nextDueMs = Number.POSITIVE_INFINITY
    requests = Number.POSITIVE_INFINITY
    tokens = Number.POSITIVE_INFINITY
    for (const entry of entries) lowered(entry)
  }

  return {
    get nextDueMs() {
      return nextDueMs
    },
    lowered,
    raised() {
      isStale = true
    },
    mayBeBelow(needed) {
      const need = Math.max(1, needed)
      const isBelow = () => requests < 1 || tokens < need
      if (isBelow() && isStale && monotonicMs() - lookedUpMs >= LOOK_UP_MS) lookUp()
      return isBelow()
    },
    lookUp,
  }
}
