/**
 * How an attempt ended, said once by the caller's one table. Only account faults count against an account:
 * a client's mistake or departure says nothing about it.
 *
 * `untilMs` is wall-clock time; without it a default cool-down applies.
 */
export type Outcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'client_error' }
  | { readonly kind: 'client_abort' }
  | { readonly kind: 'policy' }
  | { readonly kind: 'rate_limited'; readonly untilMs?: number }
  | { readonly kind: 'quota_exhausted'; readonly untilMs?: number }
  | { readonly kind: 'auth_broken' }
  /** An operator's rule takes the account out until an instant after an answer like this one. */
  | { readonly kind: 'blocked'; readonly untilMs?: number }
  | { readonly kind: 'overloaded'; readonly untilMs?: number }
  | { readonly kind: 'server_error' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'transport_error' }

export type OutcomeKind = Outcome['kind']

/** Token counts as the upstream reported them. */
export interface Usage {
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
}
