import type { Expectation } from '../learning/in-flight.ts'
import type { Reservation } from '../limits/entry.ts'
import type { Account } from '../model/account.ts'
import type { Decision, Layer } from '../model/decision.ts'
import type { Lease, Settlement } from '../model/lease.ts'
import type { ReportedLimits } from '../model/limits.ts'
import type { MaybePromise, Slot } from '../ports.ts'
import type { Run } from './run.ts'

/** What a lease asks of the engine that gave it out. */
export interface LeaseKeeper {
  monotonicMs(): number
  decision(id: number): Decision | undefined
  bindLease(lease: SlotLease, keys: readonly string[], ttlMs: number | undefined): MaybePromise<void>
  /** The account has put out something: for a probe that is the answer. */
  began(lease: SlotLease): void
  /** Headers said what is left of the account's limits. */
  limitsTold(lease: SlotLease, limits: ReportedLimits, atMs: number): void
  /** The lease ended: once for every lease, with or without a settlement. */
  ended(lease: SlotLease, settlement: Settlement | undefined): void
}

/** A slot in hand; see {@link Lease}. A class because it has a life, and because methods on a prototype are free. */
export class SlotLease implements Lease {
  readonly account: Account
  readonly decisionId: number
  readonly layer: Layer
  readonly waitedMs: number
  readonly row: number
  readonly slot: Slot
  readonly tenant: string
  /** Counted among the slots of its tenant. */
  readonly tenantCounted: boolean
  readonly admittedMs: number
  /** The place of its slot among all that were granted here. */
  readonly grant: number
  readonly model: string
  readonly reservation: Reservation | undefined
  /** Milliseconds from admission to the first output-bearing event, -1 while there was none. */
  firstTokenMs = -1
  /** What the profile that learns expected of it. */
  readonly expectation: Expectation | undefined
  #keeper: LeaseKeeper
  #held = true

  constructor(
    keeper: LeaseKeeper,
    run: Run,
    account: Account,
    waitedMs: number,
    admittedMs: number,
    expectation: Expectation | undefined,
  ) {
    this.#keeper = keeper
    this.account = account
    this.decisionId = run.decisionId
    // Where costs choose, a session is found by its warm prompt, among the others.
    this.layer = run.stickySessionHit && run.layer === 'load_balance' ? 'session_hash' : run.layer
    this.waitedMs = waitedMs
    this.row = run.row
    this.slot = run.slot!
    this.tenant = run.tenant
    this.tenantCounted = run.tenantCounted
    this.admittedMs = admittedMs
    this.grant = run.grant
    this.model = run.request.model
    this.reservation = run.reservation
    this.expectation = expectation
  }

  get held(): boolean {
    return this.#held
  }

  get expectedFirstTokenMs(): number | undefined {
    return this.expectation?.usualMs
  }

  get likelyFirstTokenMs(): number | undefined {
    return this.expectation?.likelyMs
  }

  get decision(): Decision | undefined {
    return this.#keeper.decision(this.decisionId)
  }

  bind(keys: readonly string[], options?: { readonly ttlMs?: number }): MaybePromise<void> {
    return this.#keeper.bindLease(this, keys, options?.ttlMs)
  }

  firstToken(): void {
    if (this.firstTokenMs >= 0 || !this.#held) return
    this.firstTokenMs = this.#keeper.monotonicMs() - this.admittedMs
    this.#keeper.began(this)
  }

  reportLimits(limits: ReportedLimits): void {
    if (this.#held) this.#keeper.limitsTold(this, limits, this.#keeper.monotonicMs())
  }

  settle(settlement: Settlement): void {
    if (!this.#held) return
    this.#held = false
    this.#keeper.ended(this, settlement)
  }

  [Symbol.dispose](): void {
    if (!this.#held) return
    this.#held = false
    this.#keeper.ended(this, undefined)
  }

  /** The store gave the slot to someone else: nothing is left to release. */
  lost(): void {
    this.#held = false
  }
}
