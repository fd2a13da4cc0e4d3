import type { Clock } from '@headgate/scheduler'

/** Says when somebody who is turned away until an instant should come back: then, or a little later. */
export type RetrySpread = (waitMs: number) => number

/** Enough for any burst: of those turned away at once, at most one in twenty comes in any tenth of a second. */
const leastMs = 2_500
const mostMs = 30_000
/** Who is turned away this long after the last one does not meet the others again. */
const calmMs = 1_000
/** The golden ratio's fraction: multiples of it fill an interval evenly, however many there are. */
const golden = 0.618_033_988_749_895

/**
 * All who wait for the same reset would come back in the same moment, be turned away again, and so on. So they are told
 * times that lie evenly in the half after it:
 *
 *   told = wait + position x clamp(wait / 2, 2.5 s, 30 s), where position = n x golden mod 1 for the n-th in a row.
 *
 * Never before the instant, so it stays true; and the first one, which may be alone, is told the instant itself.
 */
export function createRetrySpread(clock: Clock): RetrySpread {
  let position = 0
  let lastMs = Number.NEGATIVE_INFINITY
  return waitMs => {
    const nowMs = clock.monotonicMs()
    position = nowMs - lastMs > calmMs ? 0 : (position + golden) % 1
    lastMs = nowMs
    return waitMs + position * Math.min(mostMs, Math.max(leastMs, waitMs / 2))
  }
}
