import type { Account } from './account.ts'

/** Instants of an account that have an end; at the instant itself the account is free again. */
const UNTIL = ['overloadedUntilMs', 'rateLimitedUntilMs', 'blockedUntilMs'] as const

/** True when an operator or a credential took the account out: no waiting will bring it back. */
export function isRetired(account: Account, wallMs: number): boolean {
  return (
    account.status === 'disabled' ||
    account.status === 'error' ||
    account.schedulable === false ||
    (account.expiresAtMs !== undefined && wallMs >= account.expiresAtMs)
  )
}

/** The wall-clock instant from which the account's own entries let it work; 0 when nothing holds it. */
export function heldUntilMs(account: Account): number {
  let until = 0
  for (const field of UNTIL) until = Math.max(until, account[field] ?? 0)
  return until
}

/** The next wall-clock instant at which a limit for a single model ends; Infinity without one. */
export function nextModelLimitMs(account: Account, wallMs: number): number {
  let next = Number.POSITIVE_INFINITY
  for (const until of Object.values(account.modelLimitedUntilMs ?? {})) {
    if (until > wallMs && until < next) next = until
  }
  return next
}

/** True while the account is rate limited for this one model. */
export function isModelLimited(account: Account, model: string, wallMs: number): boolean {
  const until = account.modelLimitedUntilMs?.[model]
  return until !== undefined && wallMs < until
}

/**
 * True when a binding to this account is to be forgotten, by the reference's rule: out by status or switch,
 * temporarily blocked, or rate limited for the requested model.
 */
export function mustClear(account: Account, model: string, wallMs: number): boolean {
  return (
    account.status === 'disabled' ||
    account.status === 'error' ||
    account.schedulable === false ||
    wallMs < (account.blockedUntilMs ?? 0) ||
    isModelLimited(account, model, wallMs)
  )
}
