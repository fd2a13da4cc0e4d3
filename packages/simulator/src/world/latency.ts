/** What makes one account slower than another. */
export interface Pace {
  /** Milliseconds added to every first token: distance, queues inside. */
  readonly baseMs: number
  /** Multiplies time to first token. */
  readonly speed: number
  /** Multiplies the time that reading takes, and not the rest. Default 1. */
  readonly reading?: number
}

/** The account against which slowdown is measured: the mean base, the median speed. */
export const MEAN_PACE: Pace = { baseMs: 200, speed: 1 }

/** What reading one token takes that is not cached. */
export const PER_TOKEN_MS = 0.12

/** What is the same for all servers of a world. */
export interface ServerLaw {
  /**
   * What load multiplies a first token by, u being slots in use / slots:
   * `mild` 1 + 0.5 u^2, `none` 1, `steep` 1 + 3 u^4: next to nothing up to half, four times when full.
   */
  readonly load: keyof typeof LOAD
  /** `linear`: 0.12 ms a token; `quadratic`: that x (1 + tokens / 20,000), attention's part of a long prompt. */
  readonly reading: keyof typeof READING
  /** How long an account keeps a session's prefix after its last use. */
  readonly cacheMs: number
  /** Standard deviation of ln(luck). */
  readonly noise: number
}

const LOAD = {
  mild: (u: number) => 1 + 0.5 * u * u,
  none: () => 1,
  steep: (u: number) => 1 + 3 * u ** 4,
}

const READING = {
  linear: (tokens: number) => PER_TOKEN_MS * tokens,
  quadratic: (tokens: number) => PER_TOKEN_MS * tokens * (1 + tokens / 20_000),
}

export const LOAD_LAWS = Object.keys(LOAD) as (keyof typeof LOAD)[]
export const READING_LAWS = Object.keys(READING) as (keyof typeof READING)[]

/** The law that figures are compared by. */
export const USUAL_LAW: ServerLaw = { load: 'mild', reading: 'linear', cacheMs: 600_000, noise: 0.35 }

/**
 * Time to first token without noise, in milliseconds; u = slots in use /
 * slots, the request's own among them. By the usual law:
 *
 *   (350 + base + 0.12 x uncached + 0.008 x cached) x speed x (1 + 0.5 u^2)
 */
export function firstTokenMs(
  { baseMs, speed, reading = 1 }: Pace,
  tokens: { readonly uncached: number; readonly cached: number },
  u: number,
  law: ServerLaw = USUAL_LAW,
): number {
  const readMs = READING[law.reading](tokens.uncached) * reading
  return (350 + baseMs + readMs + 0.008 * tokens.cached) * speed * LOAD[law.load](u)
}

/** Time from the first token to the last, in milliseconds: 12 ms a token x (1 + 0.2 u). */
export function decodeMs(outputTokens: number, u: number): number {
  return 12 * outputTokens * (1 + 0.2 * u)
}

const TAIL = { share: 0.01, from: 3, to: 30, alpha: 1.5 }

/** What a request draws its luck from. */
export interface Luck {
  readonly normal: number
  /** Two draws in [0, 1): whether it is in the tail, and how deep. */
  readonly tail: number
  readonly depth: number
}

/**
 * What luck multiplies a first token by: lognormal, by the usual law of 0.35, and for 1 % of requests a Pareto tail from 3
 * to 30 (exponent 1.5, cut off).
 */
export function noise({ normal, tail, depth }: Luck, sigma: number = USUAL_LAW.noise): number {
  const usual = Math.exp(sigma * normal)
  if (tail >= TAIL.share) return usual
  return usual * Math.min(TAIL.to, TAIL.from * (1 - depth) ** (-1 / TAIL.alpha))
}

/** The mean of {@link noise}: what a whole population of requests takes longer by. */
export function meanNoise(sigma: number = USUAL_LAW.noise): number {
  const { share, from, to, alpha } = TAIL
  // E[min(X, to)] of a Pareto variable, by parts.
  const tail = (alpha * from - from ** alpha * to ** (1 - alpha)) / (alpha - 1)
  return Math.exp((sigma * sigma) / 2) * (1 - share + share * tail)
}
