import type { Clock } from '@headgate/scheduler'

/** The longest delay a Node timer keeps: above it `setTimeout` fires after one millisecond. */
const longestDelayMs = 2 ** 31 - 1

/**
 * The machine's time for the scheduler's `Clock` port.
 *
 * `monotonicMs` has sub-millisecond resolution and never steps back. A delay longer than 24.8 days fires at that
 * bound; a negative or non-finite one fires at once. Timers keep the process alive until cancelled or fired.
 */
export const nodeClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, clampDelayMs(delayMs))
    return () => clearTimeout(timer)
  },
}

/** {@link nodeClock} for what goes on beside requests: its timers let the process end. */
export const backgroundClock: Clock = {
  ...nodeClock,
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, clampDelayMs(delayMs)).unref()
    return () => clearTimeout(timer)
  },
}

function clampDelayMs(delayMs: number): number {
  if (Number.isNaN(delayMs) || delayMs <= 0) return 0
  return Math.min(delayMs, longestDelayMs)
}
