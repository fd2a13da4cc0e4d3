/**
 * How long a prompt takes to its first token, over the whole fleet: an online least-squares line
 *
 *   ttft = b0 + b1 x uncached tokens
 *
 * Weighted by 1 / predicted^2, because noise grows with the time itself, and forgetting by a factor each sample, so
 * that some hundreds of samples count. It starts from a prior worth five samples and needs no warm-up. What an account
 * adds of its own (speed, sickness, load) is taken off before a sample comes here; see account-health.ts.
 *
 * Source: recursive least squares with exponential forgetting (Ljung, System Identification, 11.2).
 */
export interface LatencyFit {
  readonly baseMs: number
  readonly perTokenMs: number
  /** One first token: its uncached prompt tokens, and its time as an idle, healthy account would have taken it. */
  observe(uncachedTokens: number, ttftMs: number): void
  /** At least {@link MIN_MS}. */
  predictMs(uncachedTokens: number): number
}

export const PRIOR_BASE_MS = 500
export const PRIOR_PER_TOKEN_MS = 0.1
const PRIOR_SAMPLES = 5
/** The prompt sizes the prior stands on, so that it fixes the slope as well as the level. */
const PRIOR_TOKENS = [0, 8_000]
const FORGET = 1 - 1 / 500
/** One answer in a hundred takes many times its time: such a sample moves the line no further than this. */
const MAX_RATIO = 3
export const MIN_MS = 5

export function createLatencyFit(): LatencyFit {
  let sum = 0
  let sumX = 0
  let sumXX = 0
  let sumY = 0
  let sumXY = 0
  let baseMs = PRIOR_BASE_MS
  let perTokenMs = PRIOR_PER_TOKEN_MS

  function add(tokens: number, ms: number, weight: number): void {
    sum += weight
    sumX += weight * tokens
    sumXX += weight * tokens * tokens
    sumY += weight * ms
    sumXY += weight * tokens * ms
  }

  function predictMs(tokens: number): number {
    return Math.max(MIN_MS, baseMs + perTokenMs * tokens)
  }

  /** A slope below 0 says that sizes hardly differ: then the level alone is fitted. */
  function solve(): void {
    const spread = sum * sumXX - sumX * sumX
    const slope = spread > 1e-9 * sum * sumXX ? (sum * sumXY - sumX * sumY) / spread : 0
    perTokenMs = Math.max(0, slope)
    baseMs = Math.max(MIN_MS, (sumY - perTokenMs * sumX) / sum)
  }

  for (const tokens of PRIOR_TOKENS) {
    const ms = predictMs(tokens)
    add(tokens, ms, PRIOR_SAMPLES / PRIOR_TOKENS.length / (ms * ms))
  }
  return {
    get baseMs() {
      return baseMs
    },
    get perTokenMs() {
      return perTokenMs
    },
    observe(tokens, ttftMs) {
      const predicted = predictMs(tokens)
      const ms = Math.min(predicted * MAX_RATIO, Math.max(predicted / MAX_RATIO, ttftMs))
      sum *= FORGET
      sumX *= FORGET
      sumXX *= FORGET
      sumY *= FORGET
      sumXY *= FORGET
      add(tokens, ms, 1 / (predicted * predicted))
      solve()
    },
    predictMs,
  }
}
