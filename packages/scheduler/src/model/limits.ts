/** One of an upstream's rate limits as a response's headers tell it. A window with a negative figure is ignored. */
export interface ReportedWindow {
  /** How much a whole window holds; unknown when absent or not above 0. */
  readonly limit?: number
  /** What is left of it, this request taken off already. */
  readonly remaining: number
  /** Milliseconds until the window is whole again. */
  readonly resetMs: number
}

/**
 * `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` of one response. A kind that is absent says nothing: what
 * was known of it stays.
 */
export interface ReportedLimits {
  readonly requests?: ReportedWindow
  readonly tokens?: ReportedWindow
}

/** What is known of one rate limit now. */
export interface LimitWindow {
  /** How much a whole window holds; undefined while unknown. */
  readonly limit: number | undefined
  readonly remaining: number
  /** What requests under way are expected to take of it. */
  readonly reserved: number
  readonly resetInMs: number
}

/** What is known of an account's rate limits for one model, by the upstream's name of it. */
export interface ModelLimits {
  readonly model: string
  readonly requests: LimitWindow | undefined
  readonly tokens: LimitWindow | undefined
  /** Milliseconds for which the model is not asked for, because the upstream refused it (429); absent when it may be. */
  readonly refusedForMs?: number
}
