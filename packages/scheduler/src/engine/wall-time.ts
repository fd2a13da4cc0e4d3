import type { Clock } from '../ports.ts'

/** How long an offset between the two clocks is trusted. */
const TRUSTED_MS = 1_000

/**
 * Dates monotonic instants without asking the wall clock each time: reading a clock is a tenth of what a whole
 * cycle may cost. A step of the wall clock shows within a second.
 */
export function createWallTime(clock: Clock): (monotonicMs: number) => number {
  let offsetMs = 0
  let readAtMs = Number.NEGATIVE_INFINITY
  return monotonicMs => {
    if (monotonicMs - readAtMs > TRUSTED_MS) {
      offsetMs = clock.wallMs() - monotonicMs
      readAtMs = monotonicMs
    }
    return monotonicMs + offsetMs
  }
}
