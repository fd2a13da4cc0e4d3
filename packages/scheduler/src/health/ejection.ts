/**
 * Ejection after consecutive faults, as a pure state machine: (state, event, now) -> state.
 *
 * After Envoy's outlier detection and gRFC A50: a failing account leaves, comes back for one half-open probe, and
 * takes full load again only step by step. Fast failures look idle to any load-based score, so this stands beside
 * the score, not in it.
 */
export interface EjectionRules {
  /** Account faults in a row before it leaves. */
  readonly faults: number
  readonly backoffMs: number
  /** The back-off doubles with every ejection in a row, up to this. */
  readonly maxBackoffMs: number
  readonly slowStartMs: number
}

/** Design's figures: back within a minute at the latest, full load a quarter of a minute after that. */
export const DEFAULT_EJECTION: EjectionRules = {
  faults: 3,
  backoffMs: 5_000,
  maxBackoffMs: 60_000,
  slowStartMs: 15_000,
}

/** Where one account stands. Instants are monotonic milliseconds. */
export type Ejection =
  | {
      readonly phase: 'healthy'
      readonly faults: number
      /** The grant of the first of them, see {@link EjectionContext}. */
      readonly grant: number
      /** Requests that were let through since it was told. */
      readonly asked: number
    }
  | { readonly phase: 'ejected'; readonly untilMs: number; readonly times: number }
  | { readonly phase: 'half_open'; readonly times: number; readonly probing: boolean }
  | { readonly phase: 'slow_start'; readonly sinceMs: number; readonly times: number }

export type EjectionEvent =
  /** An attempt ended well, badly by the account's fault, or without saying anything about it. */
  | 'ok'
  | 'fault'
  | 'neutral'
  /** A request was let through; to a half-open account it is the probe. */
  | 'asked'
  /** Time passed. */
  | 'tick'

/** What an event means beyond its name. */
export interface EjectionContext {
  /** False keeps the account in: at least half of a pool always stays. */
  readonly mayEject: boolean
  /** The place of the attempt among all that were let through; 0 when it is not known. */
  readonly grant: number
}

export const HEALTHY: Ejection = { phase: 'healthy', faults: 0, grant: 0, asked: 0 }

/** The next state. */
export function step(
  state: Ejection,
  event: EjectionEvent,
  now: number,
  rules: EjectionRules,
  context: EjectionContext,
): Ejection {
  switch (state.phase) {
    case 'healthy':
      return stepHealthy(state, event, now, rules, context)
    case 'ejected':
      // Streams begun before the ejection end now; what they say is old news.
      return event === 'tick' && now >= state.untilMs
        ? { phase: 'half_open', times: state.times, probing: false }
        : state
    case 'half_open':
      return stepHalfOpen(state, event, now, rules)
    case 'slow_start':
      if (event === 'fault' && context.mayEject) return eject(state.times, now, rules)
      return event === 'tick' && now >= state.sinceMs + rules.slowStartMs ? HEALTHY : state
  }
}

/**
 * In a row means among the requests that began after the first fault. A stream that began before it runs on through an outage
 * and ends well, which says nothing of the account now; and where many are under way at once, some will fail before the
 * others can have ended: while more are open than have failed, it is too early to tell.
 */
function stepHealthy(
  state: Extract<Ejection, { phase: 'healthy' }>,
  event: EjectionEvent,
  now: number,
  rules: EjectionRules,
  { mayEject, grant }: EjectionContext,
): Ejection {
  switch (event) {
    case 'ok':
      return state.faults === 0 || (grant > 0 && grant < state.grant) ? state : HEALTHY
    case 'asked':
      return state.faults === 0 ? state : { ...state, asked: state.asked + 1 }
    case 'fault': {
      const faults = state.faults + 1
      const open = state.asked - state.faults
      // A pool that may not lose this account keeps counting, and ejects at the first fault after it may.
      if (faults >= rules.faults && open <= faults && mayEject) return eject(0, now, rules)
      return { ...state, faults, grant: state.faults === 0 ? grant : state.grant }
    }
    default:
      return state
  }
}

function stepHalfOpen(
  state: Extract<Ejection, { phase: 'half_open' }>,
  event: EjectionEvent,
  now: number,
  rules: EjectionRules,
): Ejection {
  if (event === 'asked') return { ...state, probing: true }
  if (!state.probing) return state
  if (event === 'ok') return { phase: 'slow_start', sinceMs: now, times: state.times }
  if (event === 'fault') return eject(state.times, now, rules)
  return event === 'neutral' ? { ...state, probing: false } : state
}

function eject(timesBefore: number, now: number, rules: EjectionRules): Ejection {
  const times = timesBefore + 1
  const backoff = Math.min(rules.maxBackoffMs, rules.backoffMs * 2 ** Math.min(timesBefore, 30))
  return { phase: 'ejected', untilMs: now + backoff, times }
}

const SLOW_START_STEPS = 10

/**
 * The share of its draw weight an account gets: 1 when healthy, from a tenth upwards in ten steps during slow
 * start, so that indexes change ten times and not with every millisecond.
 */
export function slowStartShare(state: Ejection, now: number, rules: EjectionRules): number {
  if (state.phase !== 'slow_start') return 1
  const passed = Math.floor(((now - state.sinceMs) / rules.slowStartMs) * SLOW_START_STEPS)
  return Math.min(SLOW_START_STEPS, Math.max(0, passed) + 1) / SLOW_START_STEPS
}

/** When the state changes by itself next, later than now unless that is overdue; Infinity when it does not. */
export function nextTickMs(state: Ejection, now: number, rules: EjectionRules): number {
  if (state.phase === 'ejected') return state.untilMs
  if (state.phase !== 'slow_start') return Number.POSITIVE_INFINITY
  const stepMs = rules.slowStartMs / SLOW_START_STEPS
  const atMs = state.sinceMs + (Math.floor((now - state.sinceMs) / stepMs) + 1) * stepMs
  // At a step's own instant rounding may put it just before: a tick due now would be due again, for ever.
  return atMs > now ? atMs : now + stepMs
}
