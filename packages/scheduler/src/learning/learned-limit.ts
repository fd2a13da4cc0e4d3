/**
 * How many requests at once an account without a limit of its own takes before they slow each other down:
 *
 *   gradient = clamp(1.3 x long / short, 0.5, 1)        the running means of observed / predicted time to first token
 *   limit <- 0.8 x limit + 0.2 x (gradient x limit + sqrt(limit))
 *
 * Grows while answers come as they always did, shrinks when they come later, and keeps room for a queue of its square
 * root to find out. Moves only while at least half of it is in use: idle traffic shows nothing. It bounds no one; it is
 * what load is measured against.
 *
 * Source: Netflix concurrency-limits, Gradient2Limit.
 */
export interface LearnedLimit {
  observe(row: number, ratio: number, inUse: number): void
  /** From {@link MIN_LIMIT} to {@link MAX_LIMIT}; {@link FIRST_LIMIT} before anything is known. */
  limitOf(row: number): number
  forget(row: number): void
}

export const FIRST_LIMIT = 16
export const MIN_LIMIT = 2
export const MAX_LIMIT = 2_000
const TOLERANCE = 1.3
const SMOOTHING = 0.2
const SHORT_WEIGHT = 0.2
const LONG_WEIGHT = 0.01

interface State {
  limit: number
  short: number
  long: number
}

export function createLearnedLimit(): LearnedLimit {
  const states: (State | undefined)[] = []

  return {
    observe(row, ratio, inUse) {
      states[row] ??= { limit: FIRST_LIMIT, short: ratio, long: ratio }
      const state = states[row]
      state.short += SHORT_WEIGHT * (ratio - state.short)
      state.long += LONG_WEIGHT * (ratio - state.long)
      // After a bad time the long mean must not call it normal for the next hundred requests.
      if (state.long > 2 * state.short) state.long *= 0.95
      if (inUse * 2 < state.limit) return
      const gradient = Math.min(1, Math.max(0.5, (TOLERANCE * state.long) / state.short))
      const aim = gradient * state.limit + Math.sqrt(state.limit)
      const limit = (1 - SMOOTHING) * state.limit + SMOOTHING * aim
      state.limit = Math.min(MAX_LIMIT, Math.max(MIN_LIMIT, limit))
    },
    limitOf: row => states[row]?.limit ?? FIRST_LIMIT,
    forget(row) {
      states[row] = undefined
    },
  }
}
