/** One account as the scheduler sees it now. */
export interface AccountState {
  readonly account: string
  readonly inUse: number
  /** 0 = unlimited. */
  readonly limit: number
  readonly waiting: number
  readonly loadRate: number
  readonly errorRate: number
  readonly ttftMs: number | undefined
  /**
   * How many times as long as at the fleet's other accounts a first token is expected to take here, load and prompt aside: 2 is
   * twice as slow. Undefined where the profile does not learn.
   */
  readonly slowness: number | undefined
  readonly state: 'active' | 'draining' | 'disabled' | 'cooling_down' | 'ejected' | 'probing' | 'slow_start'
  /**
   * Why: the outcome it cools down after (`held` by its own entries), `consecutive_faults`, and of `disabled` and
   * `draining` whose word it is (`operator`, `configuration`, `expired`).
   */
  readonly reason: string | undefined
  /** An operator's word that stands beside the source's own, until `enable`. */
  readonly override: Override | undefined
  /** Milliseconds until it may be tried again, 0 when it may now. */
  readonly availableInMs: number
}

/** One change of an account's state. */
export interface AccountEvent {
  readonly wallMs: number
  readonly account: string
  readonly from: AccountState['state']
  readonly to: AccountState['state']
  /**
   * The new state's reason (see {@link AccountState}); of a return, what brought it: `time`, `recovered` (a probe),
   * `disproved` (a success), `operator`, `reset`, `configuration`, `new_revision`.
   */
  readonly reason: string | undefined
  /** Set where it concerns one model only (by its upstream name): refused for a rate limit, and asked for again. */
  readonly model?: string
}

/** What an operator may say of an account while it runs; see `Scheduler.operate`. */
export type OperatorAction = (typeof ACTIONS)[number]

export const ACTIONS = ['drain', 'enable', 'disable', 'reset'] as const

/** An operator's word that stands beside the account source's own. */
export type Override = 'drain' | 'disable'
