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
  | { readonly phase: 'healthy'; readonly faults: number }
  | { readonly phase: 'ejected'; readonly untilMs: number; readonly times: number }
  | { readonly phase: 'half_open'; readonly times: number; readonly probing: boolean }
  | { readonly phase: 'slow_start'; readonly sinceMs: number; readonly times: number }

export type EjectionEvent =
  /** An attempt ended well, badly by the account's fault, or without saying anything about it. */
  | 'ok'
  | 'fault'
  | 'neutral'
  /** A request was let through to a half-open account. */
  | 'probe'
  /** Time passed. */
  | 'tick'

export const HEALTHY: Ejection = { phase: 'healthy', faults: 0 }

/** The next state. `mayEject` false keeps the account in: at least half of a pool always stays. */
export function step(
  state: Ejection,
  event: EjectionEvent,
  now: number,
  rules: EjectionRules,
  options: { readonly mayEject: boolean },
): Ejection {
  switch (state.phase) {
    case 'healthy':
      return stepHealthy(state, event, now, rules, options)
    case 'ejected':
      // Streams begun before the ejection end now; what they say is old news.
      return event === 'tick' && now >= state.untilMs
        ? { phase: 'half_open', times: state.times, probing: false }
        : state
    case 'half_open':
      return stepHalfOpen(state, event, now, rules)
    case 'slow_start':
      if (event === 'fault' && options.mayEject) return eject(state.times, now, rules)
      return event === 'tick' && now >= state.sinceMs + rules.slowStartMs ? HEALTHY : state
  }
}

function stepHealthy(
  state: Extract<Ejection, { phase: 'healthy' }>,
  event: EjectionEvent,
  now: number,
  rules: EjectionRules,
  { mayEject }: { readonly mayEject: boolean },
): Ejection {
  if (event === 'ok') return state.faults === 0 ? state : HEALTHY
  if (event !== 'fault') return state
  const faults = state.faults + 1
  // A pool that may not lose this account keeps counting, and ejects at the first fault after it may.
  return faults >= rules.faults && mayEject ? eject(0, now, rules) : { phase: 'healthy', faults }
}

function stepHalfOpen(
  state: Extract<Ejection, { phase: 'half_open' }>,
  event: EjectionEvent,
  now: number,
  rules: EjectionRules,
): Ejection {
  if (event === 'probe') return { ...state, probing: true }
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
