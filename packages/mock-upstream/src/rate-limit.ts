import type { RateLimitProfile } from './account-profile.ts'
import type { ApiError } from './errors.ts'
import { formatGoDuration } from './go-duration.ts'
import { TokenBucket } from './token-bucket.ts'

/** The two buckets of an account; a limit that is not set has none. */
export interface RateLimiter {
  readonly requests: TokenBucket | null
  readonly tokens: TokenBucket | null
}

/** Full buckets for a profile, or null when it limits nothing. */
export function createRateLimiter(
  profile: RateLimitProfile | null | undefined,
  nowMs: number,
): RateLimiter | null {
  const { requestsPerMinute, tokensPerMinute } = profile ?? {}
  if (requestsPerMinute === undefined && tokensPerMinute === undefined) return null
  return {
    requests: requestsPerMinute === undefined ? null : new TokenBucket(requestsPerMinute, nowMs),
    tokens: tokensPerMinute === undefined ? null : new TokenBucket(tokensPerMinute, nowMs),
  }
}

/** What is charged, and the names that the refusal mentions. */
export interface Charge {
  readonly tokens: number
  readonly model: string
  readonly organization: string
}

/** Takes one request and its tokens, or neither: then the 429 to answer with, retry-after as true as the bucket knows. */
export function chargeRateLimit(limiter: RateLimiter, charge: Charge, nowMs: number): ApiError | null {
  const requestWait = limiter.requests?.waitFor(1, nowMs) ?? 0
  const tokenWait = limiter.tokens?.waitFor(charge.tokens, nowMs) ?? 0
  if (requestWait === 0 && tokenWait === 0) {
    limiter.requests?.take(1, nowMs)
    limiter.tokens?.take(charge.tokens, nowMs)
    return null
  }
  return requestWait >= tokenWait
    ? refusal({ kind: 'requests', bucket: limiter.requests!, units: 1, waitMs: requestWait, charge, nowMs })
    : refusal({
        kind: 'tokens',
        bucket: limiter.tokens!,
        units: charge.tokens,
        waitMs: tokenWait,
        charge,
        nowMs,
      })
}

interface Refusal {
  readonly kind: 'requests' | 'tokens'
  readonly bucket: TokenBucket
  readonly units: number
  readonly waitMs: number
  readonly charge: Charge
  readonly nowMs: number
}

function refusal({ kind, bucket, units, waitMs, charge, nowMs }: Refusal): ApiError {
  const used = bucket.limit - bucket.remaining(nowMs)
  const unit = kind === 'requests' ? 'requests per min (RPM)' : 'tokens per min (TPM)'
  const place = `${charge.model} in organization ${charge.organization} on ${unit}`
  const tooLarge = waitMs === Number.POSITIVE_INFINITY
  const message = tooLarge
    ? `Request too large for ${place}: Limit ${bucket.limit}, Requested ${units}. The input or output tokens must be reduced in order to run successfully.`
    : `Rate limit reached for ${place}: Limit ${bucket.limit}, Used ${used}, Requested ${units}. Please try again in ${formatGoDuration(waitMs)}. Visit https://platform.openai.com/account/rate-limits to learn more.`
  const headers = tooLarge
    ? []
    : ['retry-after', String(Math.max(1, Math.ceil(waitMs / 1000))), 'retry-after-ms', String(waitMs)]
  return { status: 429, message, type: kind, param: null, code: 'rate_limit_exceeded', headers }
}

/** What Azure's Responses API reports instead of its token limits, flat. */
export const NEGATIVE_TOKEN_HEADERS: readonly string[] = [
  ...['x-ratelimit-limit-tokens', '-1', 'x-ratelimit-remaining-tokens', '-1'],
  ...['x-ratelimit-reset-tokens', '0'],
]

/** `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` for the buckets there are, flat. */
export function rateLimitHeaders(limiter: RateLimiter, nowMs: number): string[] {
  const headers: string[] = []
  for (const [kind, bucket] of Object.entries(limiter) as ['requests' | 'tokens', TokenBucket | null][]) {
    if (bucket === null) continue
    headers.push(`x-ratelimit-limit-${kind}`, String(bucket.limit))
    headers.push(`x-ratelimit-remaining-${kind}`, String(bucket.remaining(nowMs)))
    headers.push(`x-ratelimit-reset-${kind}`, formatGoDuration(bucket.fullIn(nowMs)))
  }
  return headers
}
