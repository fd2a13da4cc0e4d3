/** What makes one account slower than another. */
export interface Pace {
  /** Milliseconds added to every first token: distance, queues inside. */
  readonly baseMs: number
  /** Multiplies time to first token. */
  readonly speed: number
}

/** The account against which slowdown is measured: the mean base, the median speed. */
export const MEAN_PACE: Pace = { baseMs: 200, speed: 1 }

/** What reading one token takes that is not cached. */
export const PER_TOKEN_MS = 0.12

/**
 * Time to first token without noise, in milliseconds; u = slots in use /
 * slots, the request's own among them.
 *
 *   (350 + base + 0.12 x uncached + 0.008 x cached) x speed x (1 + 0.5 u^2)
 */
export function firstTokenMs(pace: Pace, uncachedTokens: number, cachedTokens: number, u: number): number {
  const idleMs = 350 + pace.baseMs + PER_TOKEN_MS * uncachedTokens + 0.008 * cachedTokens
  return idleMs * pace.speed * (1 + 0.5 * u * u)
}

/** Time from the first token to the last, in milliseconds: 12 ms a token x (1 + 0.2 u). */
export function decodeMs(outputTokens: number, u: number): number {
  return 12 * outputTokens * (1 + 0.2 * u)
}

const SIGMA = 0.35
const TAIL = { share: 0.01, from: 3, to: 30, alpha: 1.5 }

/**
 * What luck multiplies a first token by: lognormal(0.35), and for 1 % of requests a Pareto tail from 3 to 30
 * (exponent 1.5, cut off).
 */
export function noise(normal: number, tail: number, depth: number): number {
  const usual = Math.exp(SIGMA * normal)
  if (tail >= TAIL.share) return usual
  return usual * Math.min(TAIL.to, TAIL.from * (1 - depth) ** (-1 / TAIL.alpha))
}

/** The mean of {@link noise}: what a whole population of requests takes longer by. */
export const MEAN_NOISE = meanNoise()

function meanNoise(): number {
  const { share, from, to, alpha } = TAIL
  // E[min(X, to)] of a Pareto variable, by parts.
  const tail = (alpha * from - from ** alpha * to ** (1 - alpha)) / (alpha - 1)
  return Math.exp((SIGMA * SIGMA) / 2) * (1 - share + share * tail)
}
