/** How fast a queue has been served lately, and what follows for those who are sent away. */
export interface ServiceRate {
  /** The queue has someone in it from now on, or nobody any more. Only time with somebody in it counts. */
  busy(nowMs: number): void
  idle(nowMs: number): void
  /** Somebody left the queue with a slot. */
  served(nowMs: number): void
  /**
   * Milliseconds until a queue of this length will have been served, between {@link MIN_RETRY_MS} and
   * {@link MAX_RETRY_MS}; undefined while nobody was ever served through it.
   */
  retryAfterMs(waiting: number, nowMs: number): number | undefined
}

/** A client told less would come back to the same queue. */
export const MIN_RETRY_MS = 1_000
/** What lies further off is not known from the last seconds; SDKs follow a Retry-After up to a minute. */
export const MAX_RETRY_MS = 60_000

/** Service counts for a share of 1/e after so long. */
const MEMORY_MS = 10_000

/**
 * The exponentially weighted rate of admissions, over time in which somebody waited:
 *
 *   n(t) = n(t0) e^(-(t - t0) / M), plus 1 at every admission
 *   rate = n / (M (1 - e^(-B / M)))      B = all busy time so far
 *
 * The divisor is the weight of the time seen, so the figure is right from the first seconds on, and a queue that
 * stopped being served says so: its rate falls while it stands. Retry-After = waiting / rate.
 */
export function createServiceRate(): ServiceRate {
  let count = 0
  let busyMs = 0
  let atMs = 0
  let isBusy = false

  function advance(nowMs: number): void {
    if (isBusy) {
      const passedMs = Math.max(0, nowMs - atMs)
      busyMs += passedMs
      count *= Math.exp(-passedMs / MEMORY_MS)
    }
    atMs = nowMs
  }

  return {
    busy(nowMs) {
      advance(nowMs)
      isBusy = true
    },
    idle(nowMs) {
      advance(nowMs)
      isBusy = false
    },
    served(nowMs) {
      advance(nowMs)
      count++
    },
    retryAfterMs(waiting, nowMs) {
      advance(nowMs)
      if (count === 0) return undefined
      const weight = 1 - Math.exp(-Math.max(1, busyMs) / MEMORY_MS)
      const perMs = count / (MEMORY_MS * weight)
      return boundedRetryMs(Math.max(1, waiting) / perMs)
    },
  }
}

/** Whole milliseconds within what a client may be told. */
export function boundedRetryMs(ms: number): number {
  return Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, ms)))
}
