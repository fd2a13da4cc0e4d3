import type { Outcome, OutcomeKind } from '../model/outcome.ts'

/** How long an account rests after an outcome that names no instant, in milliseconds. */
export interface CoolDownRules {
  readonly rateLimitedMs: number
  readonly overloadedMs: number
  readonly quotaExhaustedMs: number
  readonly authBrokenMs: number
  /** No upstream's word holds an account longer than this. */
  readonly maxMs: number
}

/** Short for what passes by itself, long for what a person must mend. */
export const DEFAULT_COOL_DOWNS: CoolDownRules = {
  rateLimitedMs: 5_000,
  overloadedMs: 5_000,
  quotaExhaustedMs: 600_000,
  authBrokenMs: 600_000,
  maxMs: 86_400_000,
}

/** How long an account rests after this outcome, from now; 0 when it does not. */
export function coolDownMs(outcome: Outcome, wallMs: number, rules: CoolDownRules): number {
  switch (outcome.kind) {
    case 'rate_limited':
      return until(outcome.untilMs, wallMs, rules.rateLimitedMs, rules)
    case 'overloaded':
      return until(outcome.untilMs, wallMs, rules.overloadedMs, rules)
    case 'quota_exhausted':
      return until(outcome.untilMs, wallMs, rules.quotaExhaustedMs, rules)
    case 'auth_broken':
      return rules.authBrokenMs
    case 'blocked':
      return until(outcome.untilMs, wallMs, rules.authBrokenMs, rules)
    default:
      return 0
  }
}

function until(
  untilMs: number | undefined,
  wallMs: number,
  otherwiseMs: number,
  rules: CoolDownRules,
): number {
  const ms = untilMs === undefined ? otherwiseMs : untilMs - wallMs
  return Math.min(rules.maxMs, Math.max(0, ms))
}

/** What an outcome says about the account: it works, it fails, or nothing. */
export function verdict(kind: OutcomeKind): 'ok' | 'fault' | 'neutral' {
  switch (kind) {
    case 'ok':
      return 'ok'
    case 'server_error':
    case 'timeout':
    case 'transport_error':
    case 'overloaded':
      return 'fault'
    default:
      // A limit reached is a cool-down; a client's mistake or departure says nothing about the account.
      return 'neutral'
  }
}
