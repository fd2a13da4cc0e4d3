/** A pending timer, as the clock that made it understands it. */
export type MockTimer = unknown

/**
 * Time as the mock sees it: every delay, pace, token bucket and scenario step goes through it.
 * `now` is in milliseconds since the Unix epoch and never goes back; timers fire at or after their delay.
 */
export interface MockClock {
  now(): number
  setTimer(callback: () => void, delayMs: number): MockTimer
  clearTimer(timer: MockTimer): void
}

/** Real time: monotonic within the process, so that a stepped system clock bends no pace and no bucket. */
export const systemClock: MockClock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimer: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
}
