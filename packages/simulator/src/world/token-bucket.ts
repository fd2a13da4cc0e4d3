/** A tokens-per-minute limit: full it holds one minute's worth, and it refills steadily. */
export interface TokenBucket {
  /** Tokens a minute; Infinity for no limit. */
  readonly perMinute: number
  /** Takes tokens when it holds as many; false when it does not, and nothing is taken. */
  take(tokens: number, nowMs: number): boolean
  /** When it will hold as many, at the earliest now; more than it can ever hold counts as full. */
  holdsAtMs(tokens: number, nowMs: number): number
  /** What it holds now. */
  level(nowMs: number): number
}

/** Creates a full bucket. */
export function createTokenBucket(perMinute: number): TokenBucket {
  const perMs = perMinute / 60_000
  let held = perMinute
  let sinceMs = 0

  function level(nowMs: number): number {
    return perMinute === Number.POSITIVE_INFINITY
      ? perMinute
      : Math.min(perMinute, held + (nowMs - sinceMs) * perMs)
  }

  return {
    perMinute,
    level,
    take(tokens, nowMs) {
      const now = level(nowMs)
      // One that could never fit is let through when the bucket is full: an upstream would not refuse it for ever.
      if (now < Math.min(tokens, perMinute)) return false
      held = now - tokens
      sinceMs = nowMs
      return true
    },
    holdsAtMs(tokens, nowMs) {
      const missing = Math.min(tokens, perMinute) - level(nowMs)
      return missing <= 0 ? nowMs : nowMs + missing / perMs
    },
  }
}
