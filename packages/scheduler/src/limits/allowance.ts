import type { ReportedWindow } from '../model/limits.ts'

/** What is known of one limit (requests or tokens) of one limit domain and model. Instants are monotonic. */
export interface Allowance {
  /** Infinity while unknown. */
  readonly limit: number
  remaining: number
  resetAtMs: number
  /** How far off the reset was when it was reported: the guess for the windows after it. */
  readonly lengthMs: number
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
    used: false,
  }
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
  const most = allowance.limit - marginOf(allowance.limit)
  return spareOf(allowance, reserved) >= Math.min(Math.max(1, amount), most)
}

/**
 * A window at its reset. One that was used and whose limit is known begins anew, so that a limit holds although
 * nobody has reported since; any other is forgotten.
 */
export function afterReset(allowance: Allowance, nowMs: number): Allowance | undefined {
  if (!allowance.used || allowance.limit === Number.POSITIVE_INFINITY) return undefined
  return { ...allowance, remaining: allowance.limit, resetAtMs: nowMs + allowance.lengthMs, used: false }
}

function marginOf(limit: number): number {
  return limit === Number.POSITIVE_INFINITY ? 0 : Math.floor(limit * MARGIN)
}
