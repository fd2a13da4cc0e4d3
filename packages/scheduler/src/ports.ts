import type { Account } from './model/account.ts'

/**
 * What the core asks of the world. A method may answer at once or with a promise; the engine awaits only real
 * promises, so over in-memory stores a whole cycle is synchronous.
 */
export type MaybePromise<T> = T | Promise<T>

/** Ends a subscription. Calling it twice does no harm. */
export type Unsubscribe = () => void

/** The accounts of one pool, and changes to them. */
export interface AccountSource {
  list(): readonly Account[]
  /** Calls back with the whole new list after every change. */
  subscribe(listener: (accounts: readonly Account[]) => void): Unsubscribe
}

/** An ordered batch of candidates, filled by the engine and reused: a store must not keep it. */
export interface SlotBatch {
  readonly accounts: string[]
  /** The limit of each; 0 and below mean unlimited. */
  readonly limits: number[]
  /** How many entries count. */
  count: number
  /** Set by the store: the place of the granted candidate, -1 when none was. */
  position: number
  /** Set by the store, for each candidate up to the granted one. */
  readonly results: SlotResult[]
  /** Whose acquisition it is: this listener is not told of a change it made itself. */
  readonly origin: LoadListener
}

/** What became of one candidate of a batch. */
export type SlotResult = 'untried' | 'granted' | 'full' | { readonly error: unknown }

/** One slot in hand. Opaque to the engine but for its account. */
export interface Slot {
  readonly account: string
}

/** Hears what changed elsewhere: other schedulers of this process, other nodes. Counts are absolute. */
export interface LoadListener {
  load(account: string, inUse: number, waiting: number): void
  /** Loads can no longer be read; `true` when they can again (followed by `load` calls). */
  readable(state: 'lost' | 'restored'): void
  /** This slot was given to someone else (its lease ran out). */
  lost(slot: Slot): void
}

/** Concurrency slots. No account is ever over its limit, whoever asks. */
export interface SlotStore {
  /**
   * How many candidates one call should bring: 1 where a call costs as much as a function call, many where it
   * is a round trip. Default 64.
   */
  readonly batchSize?: number
  /** How often slots in hand must be renewed; absent where they do not run out. */
  readonly renewEveryMs?: number
  /**
   * Takes the first free slot among the candidates, in their order. A candidate whose acquisition fails is
   * marked with its error and ends the batch: the caller decides whether to go on behind it.
   */
  acquireFirst(batch: SlotBatch): MaybePromise<Slot | null>
  /** Gives a slot back. Idempotent. */
  release(slot: Slot): MaybePromise<void>
  /** Keeps slots from running out. Stores without leases do nothing. */
  renew(slots: readonly Slot[]): MaybePromise<void>
  subscribe(listener: LoadListener): Unsubscribe
}

/** What a binding key points at: an account id (session) or a state domain (owner). */
export interface BindingStore {
  get(key: string): MaybePromise<string | undefined>
  /** Overwrites: the reference's own way, used by `classic`. */
  put(key: string, target: string, ttlMs: number): MaybePromise<void>
  /** Writes only where nothing is bound; answers the target in force afterwards. */
  bindIfAbsent(key: string, target: string, ttlMs: number): MaybePromise<string>
  /** Writes only where `expected` is bound; answers whether it did. */
  rebind(key: string, expected: string, next: string, ttlMs: number): MaybePromise<boolean>
  /** Extends the life of a binding that exists. */
  refresh(key: string, ttlMs: number): MaybePromise<void>
  /** Removes only where `expected` is bound; answers whether it did. */
  unbind(key: string, expected: string): MaybePromise<boolean>
}

/** What one scheduler learned of an account that others should know. Instants are wall-clock milliseconds. */
export type HealthNotice =
  | {
      readonly kind: 'cool_down'
      readonly account: string
      readonly reason: string
      readonly untilMs: number
      /** Then it comes back by a probe, not by itself: its credential or its quota failed. */
      readonly probe?: boolean
      /** Only for this model (by its upstream name), in the whole limit domain of the account. */
      readonly model?: string
    }
  | { readonly kind: 'ejected'; readonly account: string; readonly untilMs: number; readonly times: number }
  | { readonly kind: 'recovered'; readonly account: string }
  | LimitsNotice

/** What an upstream said is left of its rate limits, for the limit domain of an account and one model (its upstream name). */
export interface LimitsNotice {
  readonly kind: 'limits'
  readonly account: string
  readonly model: string
  readonly requests?: LimitsNoticeWindow
  readonly tokens?: LimitsNoticeWindow
}

/** One window of a {@link LimitsNotice}; without `limit` it is not known. */
export interface LimitsNoticeWindow {
  readonly limit?: number
  readonly remaining: number
  readonly resetAtMs: number
}

/** Publishes what is learned of accounts' health and delivers what others learned. */
export interface HealthStore {
  publish(notice: HealthNotice): MaybePromise<void>
  /** Delivers notices of others, never a listener's own. */
  subscribe(listener: (notice: HealthNotice) => void): Unsubscribe
}

/** Fairness between nodes: who waits longest gets the next slot. One process needs none. */
export interface Turns {
  /** Says how long the oldest waiter of a pool has been waiting here; 0 when none waits. */
  announce(pool: string, oldestWaitMs: number): MaybePromise<void>
  /** Delivers slots reserved for this node: to be used or passed on at once. */
  subscribe(listener: (reserved: Slot) => void): Unsubscribe
}

/** Time. `monotonicMs` never steps back and measures durations; `wallMs` dates instants that others see. */
export interface Clock {
  monotonicMs(): number
  wallMs(): number
  /** Calls back once, after at least `delayMs`; the answer cancels. */
  schedule(delayMs: number, callback: () => void): () => void
}

/** Chance: fills `out[0]` (low) and `out[1]` (high) with 64 random bits. */
export interface Random {
  next64(out: Uint32Array): void
}
