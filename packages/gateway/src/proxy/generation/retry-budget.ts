import type { Clock } from '@headgate/scheduler'

/**
 * Keeps retries from multiplying an outage: attempts beyond the first are at most 20 % of the requests of the
 * last 10 s, and 10 on top so that a quiet gateway can fail over at all (after Finagle's RetryBudget, whose floor
 * of 10 a second would allow 1.7x at 20 requests a second).
 */
export interface RetryBudget {
  /** Counts one client request, when it starts: answers may take minutes. */
  requested(): void
  /** Takes one retry if the budget has it. */
  tryTake(): boolean
  /** Gives one back that was taken and not made, because no account was left to try. */
  giveBack(): void
}

const windowSeconds = 10

/** Builds a budget with one bucket a second; constant memory and constant cost. */
export function createRetryBudget(
  clock: Clock,
  options: { readonly ratio?: number; readonly reserve?: number } = {},
): RetryBudget {
  const { ratio = 0.2, reserve = 10 } = options
  const requests = new Float64Array(windowSeconds)
  const retries = new Float64Array(windowSeconds)
  let requestSum = 0
  let retrySum = 0
  let second = Math.floor(clock.monotonicMs() / 1000)

  function advance(): number {
    const now = Math.floor(clock.monotonicMs() / 1000)
    const steps = Math.min(now - second, windowSeconds)
    for (let i = 1; i <= steps; i++) {
      const bucket = (second + i) % windowSeconds
      requestSum -= requests[bucket]!
      retrySum -= retries[bucket]!
      requests[bucket] = 0
      retries[bucket] = 0
    }
    if (now > second) second = now
    return second % windowSeconds
  }

  return {
    requested() {
      requests[advance()]!++
      requestSum++
    },
    tryTake() {
      const bucket = advance()
      if (retrySum + 1 > reserve + ratio * requestSum) return false
      retries[bucket]!++
      retrySum++
      return true
    },
    giveBack() {
      const newest = advance() + windowSeconds
      for (let age = 0; age < windowSeconds; age++) {
        const bucket = (newest - age) % windowSeconds
        if (retries[bucket] === 0) continue
        retries[bucket]!--
        retrySum--
        return
      }
    },
  }
}
