import type { Clock } from '../ports.ts'

/** A clock that stands still until told otherwise: for tests, simulations and replays. */
export interface ManualClock extends Clock {
  /**
   * Lets `ms` pass on both clocks. Timers that fall due run in the order of their instants (of their making,
   * where equal), each at its own instant; timers made meanwhile run too when they fall due in time.
   */
  advance(ms: number): void
  /** Lets `ms` pass on the monotonic clock alone, running timers: the wall clock stands still. */
  stepMonotonic(ms: number): void
  /** Sets the wall clock forward or, with a negative number, back. Timers do not mind. */
  stepWall(ms: number): void
  /** Timers neither run nor cancelled. */
  readonly pending: number
}

/** Options of {@link createManualClock}. */
export interface ManualClockOptions {
  /** Where the wall clock starts; default 2026-01-01T00:00:00Z. */
  readonly wallMs?: number
  /** Where the monotonic clock starts; default 0. */
  readonly monotonicMs?: number
}

interface Timer {
  readonly atMs: number
  readonly serial: number
  readonly callback: () => void
}

/** Where a timer belongs in a list whose last entry is the next to run: O(log n) in the timers pending. */
function placeOf(timers: readonly Timer[], atMs: number, serial: number): number {
  let low = 0
  let high = timers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const timer = timers[middle]!
    const later = timer.atMs > atMs || (timer.atMs === atMs && timer.serial > serial)
    if (later) low = middle + 1
    else high = middle
  }
  return low
}

/** A manual clock. `advance` and `stepMonotonic` refuse to go back, as time does. */
export function createManualClock(options: ManualClockOptions = {}): ManualClock {
  const timers: Timer[] = []
  let monotonicMs = options.monotonicMs ?? 0
  /** What the wall clock shows beyond the monotonic one. */
  let wallLeadMs = (options.wallMs ?? 1_767_225_600_000) - monotonicMs
  let serial = 0

  // A callback may itself let time pass: the clock then stands beyond the instant asked for, and stays there.
  function moveTo(atMs: number, wall: 'follows' | 'stands'): void {
    if (atMs <= monotonicMs) return
    if (wall === 'stands') wallLeadMs -= atMs - monotonicMs
    monotonicMs = atMs
  }

  function pass(ms: number, wall: 'follows' | 'stands'): void {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new RangeError(
        `manual clock: cannot pass ${ms} ms; it must be 0 or more (stepWall sets the wall clock back)`,
      )
    }
    const untilMs = monotonicMs + ms
    for (let next = timers.at(-1); next !== undefined && next.atMs <= untilMs; next = timers.at(-1)) {
      timers.pop()
      moveTo(next.atMs, wall)
      next.callback()
    }
    moveTo(untilMs, wall)
  }

  return {
    monotonicMs: () => monotonicMs,
    wallMs: () => monotonicMs + wallLeadMs,
    schedule(delayMs, callback) {
      const timer = { atMs: monotonicMs + (Math.max(delayMs, 0) || 0), serial: serial++, callback }
      timers.splice(placeOf(timers, timer.atMs, timer.serial), 0, timer)
      return () => {
        const place = placeOf(timers, timer.atMs, timer.serial)
        if (timers[place] === timer) timers.splice(place, 1)
      }
    },
    advance: ms => pass(ms, 'follows'),
    stepMonotonic: ms => pass(ms, 'stands'),
    stepWall(ms) {
      wallLeadMs += ms
    },
    get pending() {
      return timers.length
    },
  }
}
