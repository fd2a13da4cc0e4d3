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
