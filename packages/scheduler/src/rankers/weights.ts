/** How much each factor counts. Finite, not negative, not all zero. */
export interface Weights {
  readonly priority: number
  readonly load: number
  readonly queue: number
  readonly errorRate: number
  readonly ttft: number
}

/** The reference's weights. */
export const DEFAULT_WEIGHTS: Weights = { priority: 1, load: 1, queue: 0.7, errorRate: 0.8, ttft: 0.5 }

/** Where `rank` leaves what it learned of the candidate set. */
export const MIN_PRIORITY = 0
export const MAX_PRIORITY = 1
export const QUEUE_DIVISOR = 2
export const MIN_TTFT = 3
export const MAX_TTFT = 4
