import { OPEN, REACHABLE } from '../columns/columns.ts'
import { type Ejection, type EjectionRules, HEALTHY, nextTickMs } from '../health/ejection.ts'
import type { Account } from '../model/account.ts'
import type { AccountState, Override } from '../model/account-state.ts'
import { heldUntilMs, isRetired, nextModelLimitMs } from '../model/held.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Slot } from '../ports.ts'

/** What is said of one account, by whomever; instants are monotonic. What follows from it is read by the functions below. */
export interface Standing {
  revision: string | undefined
  ejection: Ejection
  /** The slot of a half-open account's one probe: what older streams say there is old news. */
  probe: Slot | undefined
  /** The later of all cool-downs counts. */
  coolUntilMs: number
  coolReason: string
  /**
   * The credential or the quota failed and no instant was named: it comes back by a probe, not by itself. Undefined
   * while nothing of the sort is known.
   */
  suspicion: Suspicion | undefined
  /** The latest grant that was served. */
  okGrant: number
  /** What the account's own entries say, brought to the monotonic clock. */
  heldUntilMs: number
  expiresMs: number
  /** When the next limit for a single model ends; Infinity without one. */
  modelDueMs: number
  retired: boolean
  draining: boolean
  state: AccountState['state']
  /** Whose word it is that takes the row out, or lets it finish. */
  word: 'operator' | 'configuration' | 'expired'
}

export interface Suspicion {
  readonly untilMs: number
  /** The latest grant that failed so; Infinity when it is not known when that was. */
  readonly grant: number
}

/** One instant, on both clocks. */
export interface Instant {
  readonly nowMs: number
  readonly wallMs: number
}

/** The standing of a row without an account. */
export function createStanding(): Standing {
  return {
    revision: undefined,
    ejection: HEALTHY,
    probe: undefined,
    coolUntilMs: 0,
    coolReason: '',
    suspicion: undefined,
    okGrant: 0,
    heldUntilMs: 0,
    expiresMs: Number.POSITIVE_INFINITY,
    modelDueMs: Number.POSITIVE_INFINITY,
    retired: true,
    draining: false,
    state: 'active',
    word: 'configuration',
  }
}

/** Forgets what was learned of the account; what its source and an operator say of it stays. */
export function clear(standing: Standing): void {
  standing.ejection = HEALTHY
  standing.probe = undefined
  standing.suspicion = undefined
  standing.okGrant = 0
  standing.coolUntilMs = 0
}

/** Brings the account's own entries to the monotonic clock. */
export function readEntries(standing: Standing, account: Account, { nowMs, wallMs }: Instant): void {
  const held = heldUntilMs(account)
  const { expiresAtMs = Number.POSITIVE_INFINITY } = account
  standing.heldUntilMs = held > wallMs ? nowMs + held - wallMs : 0
  standing.expiresMs = nowMs + expiresAtMs - wallMs
  readModelLimits(standing, account, { nowMs, wallMs })
}

/** Finds when the next limit for a single model ends. */
export function readModelLimits(standing: Standing, account: Account, { nowMs, wallMs }: Instant): void {
  standing.modelDueMs = nowMs + nextModelLimitMs(account, wallMs) - wallMs
}

/** Brings every word together: whose counts, and which state follows. */
export function judge(
  standing: Standing,
  account: Account | undefined,
  override: Override | undefined,
  { nowMs, wallMs }: Instant,
): void {
  const isExpired = standing.expiresMs <= nowMs
  standing.retired =
    account === undefined || override === 'disable' || isExpired || isRetired(account, wallMs)
  standing.draining = override === 'drain' || account?.status === 'draining'
  standing.word = override !== undefined ? 'operator' : isExpired ? 'expired' : 'configuration'
  standing.state = stateNow(standing, nowMs)
}

/** When the state that a row was in ended by itself, where a look at it comes later; `was`: its ejection then. Expiry ends all. */
export function endedAtMs(
  { state, coolUntilMs, heldUntilMs, expiresMs }: Standing,
  was: Ejection,
  nowMs: number,
  rules: EjectionRules | undefined,
): number {
  if (expiresMs <= nowMs) return expiresMs
  const endMs = () => {
    switch (state) {
      case 'cooling_down':
        return Math.max(coolUntilMs, heldUntilMs)
      case 'ejected':
        return was.phase === 'ejected' ? was.untilMs : nowMs
      case 'slow_start':
        return was.phase === 'slow_start' && rules !== undefined ? was.sinceMs + rules.slowStartMs : nowMs
      default:
        return nowMs
    }
  }
  return Math.min(nowMs, endMs())
}

/** When a standing changes by itself next; Infinity when it does not. */
export function dueMs(standing: Standing, nowMs: number, rules: EjectionRules | undefined): number {
  let due = rules === undefined ? Number.POSITIVE_INFINITY : nextTickMs(standing.ejection, nowMs, rules)
  for (const at of [standing.coolUntilMs, standing.heldUntilMs, standing.expiresMs, standing.modelDueMs]) {
    if (at > nowMs && at < due) due = at
  }
  return due
}

/** When the account may be tried again; now or earlier when it may, Infinity when it never will. */
export function availableAtMs({ retired, ejection, coolUntilMs, heldUntilMs }: Standing): number {
  if (retired) return Number.POSITIVE_INFINITY
  return Math.max(coolUntilMs, heldUntilMs, ejection.phase === 'ejected' ? ejection.untilMs : 0)
}

/** Neither takes normal traffic nor counts as a part of the half that stays. */
export function isOut(ejection: Ejection): boolean {
  return ejection.phase === 'ejected' || ejection.phase === 'half_open'
}

/** What a person must mend, with no instant named at which it is mended. */
export function needsProbe(outcome: Outcome): boolean {
  return (
    outcome.kind === 'auth_broken' || (outcome.kind === 'quota_exhausted' && outcome.untilMs === undefined)
  )
}

function stateNow(standing: Standing, nowMs: number): AccountState['state'] {
  if (standing.retired) return 'disabled'
  if (standing.coolUntilMs > nowMs || standing.heldUntilMs > nowMs) return 'cooling_down'
  if (standing.ejection.phase === 'ejected') return 'ejected'
  if (standing.ejection.phase === 'half_open') return 'probing'
  if (standing.draining) return 'draining'
  return standing.ejection.phase === 'slow_start' ? 'slow_start' : 'active'
}

/** Whether new and bound requests may go there, as bits of the column. */
export function usableNow(standing: Standing, nowMs: number): number {
  if (standing.retired || standing.coolUntilMs > nowMs || standing.heldUntilMs > nowMs) return 0
  const { ejection } = standing
  if (ejection.phase === 'ejected') return 0
  if (ejection.phase === 'half_open') return ejection.probing ? 0 : REACHABLE
  return standing.draining ? REACHABLE : REACHABLE | OPEN
}

/** Why it is not simply active. */
export function reasonOf(standing: Standing): string | undefined {
  switch (standing.state) {
    case 'cooling_down':
      return standing.coolReason === '' ? 'held' : standing.coolReason
    case 'ejected':
    case 'probing':
      return standing.suspicion === undefined ? 'consecutive_faults' : standing.coolReason
    case 'disabled':
    case 'draining':
      return standing.word
    default:
      return undefined
  }
}
