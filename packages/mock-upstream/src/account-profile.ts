import { checkFields, type FieldRules } from './check-fields.ts'
import { DIALECT_NAMES, type DialectName } from './dialects/dialect.ts'

/** How one upstream account behaves. Every field is optional; what is left out comes from the mock's `defaults`. */
export interface AccountProfile {
  /** How stats, faults and reply texts call the account. Default: `account-1`, `account-2`, ... by order of appearance. */
  readonly name?: string
  /** Milliseconds before the first token (in a JSON reply: before decoding starts). Default 0. */
  readonly ttftMs?: number
  /** Spread of `ttftMs`, as a fraction: 0.2 draws uniformly from 80 % to 120 %. Default 0. */
  readonly ttftJitter?: number
  /** Prompt tokens read per second; the part of a prompt that is not cached adds to the time to first token. 0: free. */
  readonly prefillTokensPerSecond?: number
  /** Decoding pace. 0 or absent: as fast as the socket takes it. */
  readonly tokensPerSecond?: number
  /** Exact length of a reply in tokens. Absent: the echo sentence alone. */
  readonly outputTokens?: number
  /** Token buckets that refill evenly over a minute. */
  readonly rateLimit?: RateLimitProfile | null
  /** Generations served at once; one more is answered 429 and counted as a violation. null: no limit. */
  readonly concurrency?: number | null
  /** Models this account serves; a trailing `*` matches any ending. Default: the mock's `models`. Azure: its deployments. */
  readonly models?: readonly string[]
  /** Whose service this is: paths, headers, errors and what is kept. Default `openai`. */
  readonly dialect?: DialectName
  /** vLLM: keep responses, as `VLLM_ENABLE_RESPONSES_API_STORE=1` makes it. Default false: `store` is silently off. */
  readonly responseStore?: boolean
  /** Azure: also accept tokens that `POST /{tenant}/oauth2/v2.0/token` gives for these credentials. */
  readonly entra?: EntraProfile | null
  /** `negative`: token limits are reported as -1, -1 and 0, as Azure's Responses API does. Default `actual`. */
  readonly rateLimitHeaders?: 'actual' | 'negative'
}

/** Client credentials of Microsoft Entra ID. */
export interface EntraProfile {
  /** Default: any tenant in the path. */
  readonly tenant?: string
  readonly clientId: string
  readonly clientSecret: string
  /** Life of the tokens. Default 3599. */
  readonly expiresInSeconds?: number
}

/** Limits per minute; an absent one is not enforced and sends no headers. */
export interface RateLimitProfile {
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
}

const HOUR_MS = 3_600_000

const PROFILE_FIELDS: FieldRules = {
  name: { type: 'string' },
  ttftMs: { type: 'number', min: 0, max: HOUR_MS },
  ttftJitter: { type: 'number', min: 0, max: 1 },
  prefillTokensPerSecond: { type: 'number', min: 0, max: 1e9 },
  tokensPerSecond: { type: 'number', min: 0, max: 1e6 },
  outputTokens: { type: 'integer', min: 1, max: 1_000_000 },
  rateLimit: { type: 'object' },
  concurrency: { type: 'integer', min: 1, max: 1_000_000 },
  models: { type: 'strings' },
  dialect: { type: 'string', oneOf: DIALECT_NAMES },
  responseStore: { type: 'boolean' },
  entra: { type: 'object' },
  rateLimitHeaders: { type: 'string', oneOf: ['actual', 'negative'] },
}

const ENTRA_FIELDS: FieldRules = {
  tenant: { type: 'string' },
  clientId: { type: 'string', required: true },
  clientSecret: { type: 'string', required: true },
  expiresInSeconds: { type: 'number', min: 0, max: 1e9 },
}

const RATE_LIMIT_FIELDS: FieldRules = {
  requestsPerMinute: { type: 'integer', min: 1, max: 1e9 },
  tokensPerMinute: { type: 'integer', min: 1, max: 1e12 },
}

/** Throws MockConfigError when `profile` is not an {@link AccountProfile}. */
export function checkProfile(profile: unknown, where: string): asserts profile is AccountProfile {
  checkFields(profile, PROFILE_FIELDS, where)
  const { rateLimit, entra } = profile as AccountProfile
  if (rateLimit) checkFields(rateLimit, RATE_LIMIT_FIELDS, `${where}.rateLimit`)
  if (entra) checkFields(entra, ENTRA_FIELDS, `${where}.entra`)
}
