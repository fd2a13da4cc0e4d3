import type { MockClock } from './clock.ts'

/** A clock that a test holds in its hand; see {@link createManualClock}. */
export interface ManualClock extends MockClock {
  /** Moves time forward and fires what is due, in order of due time (ties: order of setting), before it returns. */
  advance(byMs: number): void
  /** How many timers wait. */
  readonly pendingTimers: number
}

interface ManualTimer {
  readonly dueAt: number
  readonly callback: () => void
}

/** Makes a clock that stands still until `advance` is called: streams, buckets and scenarios without sleeping. */
export function createManualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let now = startMs
  const timers = new Set<ManualTimer>()
  const nextDue = (until: number) => {
    let earliest: ManualTimer | undefined
    for (const timer of timers) {
      if (timer.dueAt <= until && (earliest === undefined || timer.dueAt < earliest.dueAt)) earliest = timer
    }
    return earliest
  }
  return {
    now: () => now,
    setTimer(callback, delayMs) {
      const timer: ManualTimer = { dueAt: now + Math.max(0, delayMs), callback }
      timers.add(timer)
      return timer
    },
    clearTimer: timer => {
      timers.delete(timer as ManualTimer)
    },
    advance(byMs) {
      const until = now + byMs
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.dueAt)
        timer.callback()
      }
      now = until
    },
    get pendingTimers() {
      return timers.size
    },
  }
}
