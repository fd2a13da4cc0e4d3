import type { ReportedWindow } from '../model/limits.ts'

/** What is known of one limit (requests or tokens) of one limit domain and model. Instants are monotonic. */
export interface Allowance {
  /** Infinity while unknown. */
  readonly limit: number
  remaining: number
  resetAtMs: number
  /** How far off the reset was when it was reported: the guess for the windows after it. */
  readonly lengthMs: number
  /** What flows back in a millisecond; 0 for a window that comes back whole at its reset. */
  readonly refillPerMs: number
  /** Up to when `remaining` has what flowed back. */
  refilledMs: number
  /** Something was taken since the last reset. */
  used: boolean
}

/** A hundredth of a known limit stays unused, for what is counted differently upstream. */
const MARGIN = 0.01
const MIN_LENGTH_MS = 1_000
/** No header is believed beyond a day, as with cool-downs; the guess for later windows is a minute at most. */
const MAX_RESET_MS = 86_400_000
const MAX_LENGTH_MS = 60_000

/** False for what some upstreams send in place of an answer: -1 for everything but the reset. */
export function isMeant({ limit = 0, remaining, resetMs }: ReportedWindow): boolean {
  return remaining >= 0 && Number.isFinite(remaining) && resetMs >= 0 && limit >= 0
}

/** The window a report opens at an instant; undefined when it is over by now: nothing holds any more. */
export function openAllowance(
  { limit, remaining, resetMs }: ReportedWindow,
  atMs: number,
  nowMs: number,
): Allowance | undefined {
  const restMs = Math.min(MAX_RESET_MS, resetMs)
  if (atMs + restMs <= nowMs) return undefined
  return {
    limit: limit !== undefined && limit > 0 ? limit : Number.POSITIVE_INFINITY,
    remaining,
    resetAtMs: atMs + restMs,
    lengthMs: Math.min(MAX_LENGTH_MS, Math.max(MIN_LENGTH_MS, restMs)),
    refillPerMs: refillOf(limit ?? 0, remaining, resetMs),
    refilledMs: atMs,
    used: false,
  }
}

/** What buckets are counted by: a minute, and a day for the limits of small accounts. */
const BUCKET_MS = [60_000, 86_400_000]
/** Resets are told in rounded figures. */
const ROUNDING = 0.03

/**
 * OpenAI's limits are buckets that refill evenly, and their reset is when they are full. Whoever waits for that waits a
 * minute where a second would do. A bucket is known by its reset: reset = (limit - remaining) / limit x period. A
 * window that comes back whole tells such a reset by accident, and another one with its next answer.
 */
function refillOf(limit: number, remaining: number, resetMs: number): number {
  if (limit <= 0 || remaining >= limit) return 0
  const periodMs = (resetMs * limit) / (limit - remaining)
  return BUCKET_MS.some(ms => Math.abs(periodMs - ms) <= ms * ROUNDING) ? limit / periodMs : 0
}

/** Lets what has flowed back since be there; true when something has. */
export function refill(allowance: Allowance, nowMs: number): boolean {
  const { limit, remaining, refillPerMs, refilledMs } = allowance
  if (refillPerMs === 0 || nowMs <= refilledMs) return false
  allowance.remaining = Math.min(limit, remaining + refillPerMs * (nowMs - refilledMs))
  allowance.refilledMs = nowMs
  return allowance.remaining > remaining
}

/** Takes what was used off what is left. A bucket is full the later for it. */
export function take(allowance: Allowance, amount: number): void {
  allowance.remaining = Math.max(0, allowance.remaining - amount)
  if (allowance.refillPerMs > 0) allowance.resetAtMs += amount / allowance.refillPerMs
}

/** While a bucket refills it is looked at so often. */
const REFILL_STEP_MS = 250

/** When an allowance changes by itself next. */
export function nextChangeMs({ refillPerMs, refilledMs, remaining, limit, resetAtMs }: Allowance): number {
  const refills = refillPerMs > 0 && remaining < limit
  return refills ? Math.min(resetAtMs, refilledMs + REFILL_STEP_MS) : resetAtMs
}

/** When an allowance that is in a request's way lets it pass, if nothing else is used: refilled so far, or reset. */
export function roomAtMs(allowance: Allowance, reserved: number, amount: number): number {
  const { refillPerMs, refilledMs, resetAtMs } = allowance
  if (refillPerMs === 0) return resetAtMs
  const missing = needOf(allowance, amount) - spareOf(allowance, reserved)
  return Math.min(resetAtMs, refilledMs + missing / refillPerMs)
}

/** remaining - reserved - margin, where margin = floor(limit / 100), and 0 for a limit that is not known. */
export function spareOf({ limit, remaining }: Allowance, reserved: number): number {
  return remaining - reserved - marginOf(limit)
}

/** spare / limit, from 0 to 1; 1 for what is not known. */
export function shareOf(allowance: Allowance | undefined, reserved: number): number {
  if (allowance === undefined || allowance.limit === Number.POSITIVE_INFINITY) return 1
  return Math.min(1, Math.max(0, spareOf(allowance, reserved) / allowance.limit))
}

/**
 * True when the window has room: spare >= min(max(1, amount), limit - margin). A request larger than the whole limit
 * passes a whole allowance: whether it is too large only the upstream can say.
 */
export function hasSpare(allowance: Allowance, reserved: number, amount: number): boolean {
  return spareOf(allowance, reserved) >= needOf(allowance, amount)
}

function needOf({ limit }: Allowance, amount: number): number {
  return Math.min(Math.max(1, amount), limit - marginOf(limit))
}

/**
 * A window at its reset. One that was used and whose limit is known begins anew, so that a limit holds although
 * nobody has reported since; any other is forgotten.
 */
export function afterReset(allowance: Allowance, nowMs: number): Allowance | undefined {
  if (!allowance.used || allowance.limit === Number.POSITIVE_INFINITY) return undefined
  return {
    ...allowance,
    remaining: allowance.limit,
    resetAtMs: nowMs + allowance.lengthMs,
    refilledMs: nowMs,
    used: false,
  }
}

function marginOf(limit: number): number {
  return limit === Number.POSITIVE_INFINITY ? 0 : Math.floor(limit * MARGIN)
}
