import type { AccountEvent, AccountState, OperatorAction } from './model/account-state.ts'
import type { Decision } from './model/decision.ts'
import type { Lease } from './model/lease.ts'
import type { ModelLimits } from './model/limits.ts'
import type { ScheduleRequest } from './model/request.ts'
import type { Selection } from './model/selection.ts'
import type {
  AccountSource,
  BindingStore,
  Clock,
  HealthStore,
  MaybePromise,
  Random,
  SlotStore,
  Turns,
} from './ports.ts'
import type { Profile } from './profile.ts'

/** What the core needs of an `AbortSignal`; the platform's own fits. */
export interface CancelSignal {
  readonly aborted: boolean
  readonly reason?: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** What a scheduler is made of. */
export interface SchedulerOptions {
  readonly profile: Profile
  readonly accounts: AccountSource
  readonly slots: SlotStore
  readonly bindings: BindingStore
  readonly clock: Clock
  readonly random: Random
  /** Shares cool-downs and ejections with other schedulers; without it they stay here. */
  readonly health?: HealthStore
  /** Fairness between nodes; one process needs none. */
  readonly turns?: Turns
  /** Scopes every binding. Default `default`. */
  readonly pool?: string
  /** How many decisions are kept at most (default 1024), and in how many doubles (default 2^18, 2 MiB). */
  readonly decisions?: { readonly capacity?: number; readonly doubles?: number }
}

/** Options of {@link Scheduler.acquire}. */
export interface AcquireOptions {
  /** Gives the place in the queue, or a slot just taken, back at once. */
  readonly signal?: CancelSignal
}

/** Where an owner's state can be reached now: an account of its domain, without a slot. */
export type Located =
  | { readonly kind: 'located'; readonly account: string; readonly domain: string }
  | {
      readonly kind: 'none'
      readonly reason: 'owner_unknown' | 'conflicting_owners' | 'owner_gone' | 'owner_unavailable'
      readonly retryAfterMs?: number
    }

/** The counters the reference names, as its own snapshot has them; latency in microseconds here. */
export interface SchedulerMetrics {
  readonly selectTotal: number
  readonly stickyPreviousHitTotal: number
  readonly stickySessionHitTotal: number
  readonly loadBalanceSelectTotal: number
  readonly accountSwitchTotal: number
  readonly schedulerLatencyMicrosTotal: number
  readonly schedulerLatencyMicrosAvg: number
  readonly stickyHitRatio: number
  readonly accountSwitchRate: number
  readonly loadSkewAvg: number
  readonly runtimeStatsAccountCount: number
}

/** Chooses accounts for requests, holds their slots, lets requests wait, and says why. */
export interface Scheduler {
  /**
   * Chooses now: a slot in hand, a plan to wait, or a reason for neither. Never waits, never throws for a normal
   * absence. Synchronous while the stores are.
   */
  select(request: ScheduleRequest): MaybePromise<Selection>
  /** Chooses, and waits as planned. Rejects with a {@link SchedulerError} that says why. */
  acquire(request: ScheduleRequest, options?: AcquireOptions): Promise<Lease>
  /** Binds hard keys to a state domain, as a lease does for its own. */
  bind(
    request: Pick<ScheduleRequest, 'tenant'>,
    keys: readonly string[],
    domain: string,
    options?: { readonly ttlMs?: number },
  ): MaybePromise<void>
  /** Finds the account that can answer for ids, without a slot: retrieve, delete, cancel never queue. */
  locate(request: Pick<ScheduleRequest, 'tenant' | 'owners'>): MaybePromise<Located>
  /** Forgets hard keys: their state was deleted upstream. */
  unbind(request: Pick<ScheduleRequest, 'tenant'>, keys: readonly string[]): MaybePromise<void>
  /**
   * Whether the request's session leads to an account it was served by before: the look-up of a selection, without
   * one. False when the store does not answer.
   */
  knowsSession(request: Pick<ScheduleRequest, 'tenant' | 'group' | 'session'>): MaybePromise<boolean>
  /** The reference's own report, for those who do not settle. */
  report(accountId: string, result: { readonly success: boolean; readonly firstTokenMs: number | null }): void
  /** Counts a move to another account after a failure. */
  reportSwitch(): void
  metrics(): SchedulerMetrics
  accounts(): readonly AccountState[]
  /** What is known of an account's rate limits, by upstream model; none for an account that is none. */
  limits(accountId: string): ModelLimits[]
  /** Requests waiting in this pool's queue now. */
  readonly queueDepth: number
  /** The newest decisions first, at most `limit` (default 100). */
  decisions(limit?: number): readonly Decision[]
  /** One decision by id; undefined once overwritten. */
  decision(id: number): Decision | undefined
  /** Hears of every decision when its selection is done (`decided`) and when its lease has ended (`ended`). */
  subscribe(listener: SchedulerListener): () => void
  /**
   * An operator's word about an account, in force at once and beside the source's own: neither makes the other void.
   *
   * - `drain`: no new work; what is bound to it (owners, warm sessions) and what runs goes on.
   * - `disable`: nothing at all; what runs goes on.
   * - `enable`: takes the operator's word back, and clears the account of a broken credential or a spent quota.
   * - `reset`: forgets what was learned of it: cool-downs, ejection, statistics, its limit domain's headroom.
   *
   * `drain` and `disable` outlive reloads of the source, and end with this scheduler. Other schedulers of the account
   * are not told. Answers the account's state; throws `invalid_request` for an account that is none.
   */
  operate(accountId: string, action: OperatorAction): AccountState
  /**
   * The last changes of accounts' states, newest first; 256 are kept. What time alone changes is noticed by the next
   * request, waiter or read.
   */
  accountEvents(limit?: number): AccountEvent[]
  /** Refuses new work and rejects all who wait with `draining`; leases live on. */
  drain(): void
  /** Drains and unsubscribes from every port. */
  close(): void
}

/**
 * What a scheduler tells its subscribers; reading a decision costs, so the id is all that is pushed. What a
 * subscriber throws is dropped.
 */
export interface SchedulerListener {
  decided?(decisionId: number): void
  ended?(decisionId: number): void
  /** An account's state changed, and why; see {@link AccountEvent}. */
  accountChanged?(
    account: string,
    from: AccountState['state'],
    to: AccountState['state'],
    reason: string | undefined,
    model?: string,
  ): void
}
