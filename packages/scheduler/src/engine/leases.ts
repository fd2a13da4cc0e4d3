import { refreshLoad } from '../columns/columns.ts'
import { stateDomain } from '../filters/domain.ts'
import { coolDownMs, verdict } from '../health/cool-down.ts'
import type { Expectation } from '../learning/in-flight.ts'
import { upstreamName } from '../limits/limit-domain.ts'
import type { Decision } from '../model/decision.ts'
import type { Settlement } from '../model/lease.ts'
import type { ReportedLimits } from '../model/limits.ts'
import type { Outcome, Usage } from '../model/outcome.ts'
import type { MaybePromise, Slot } from '../ports.ts'
import { recordResult } from '../stats/runtime-stats.ts'
import type { Core } from './core.ts'
import { type LeaseKeeper, SlotLease } from './lease.ts'
import { createLiveLeases, type LiveLeases } from './live-leases.ts'
import { bindOwners } from './owners.ts'
import type { Run } from './run.ts'
import { cachedTokensAt } from './warm-places.ts'

type End = Decision['outcome']

/** Whom the end of a lease concerns. */
export interface LeaseEvents {
  /** A slot of a row came back. */
  freed(row: number): void
  tenantFreed(tenant: string): void
  ended(decisionId: number): void
}

/**
 * The leases of a pool: gives them out, and when one ends has everybody learn of it who can, once, in this order: the
 * decision's record, what is learned, the account's statistics and standing, its rate limits, the tenant's count, the
 * slot. The slot is last, so that whoever it wakes chooses by all of that.
 */
export class Leases implements LeaseKeeper {
  readonly #core: Core
  readonly #events: LeaseEvents
  readonly #live: LiveLeases

  constructor(core: Core, events: LeaseEvents) {
    this.#core = core
    this.#events = events
    this.#live = createLiveLeases(core.slots, core.clock)
  }

  /** The lease of a run that has its slot. */
  give(run: Run, waitedMs: number): SlotLease {
    const admittedMs = this.monotonicMs()
    const lease = new SlotLease(this, run, run.account!, waitedMs, admittedMs, this.#expectation(run))
    this.#live.add(lease)
    return lease
  }

  /** Gives a slot back that came for a waiter who had left. */
  unwanted(run: Run, row: number, slot: Slot): void {
    const { standings, headroom, tenants } = this.#core
    standings.neutral(row, slot)
    if (run.reservation !== undefined) headroom.settle(run.reservation, undefined)
    tenants.give(run)
    this.#giveBack(row, slot)
    this.#events.tenantFreed(run.tenant)
  }

  /** The store gave a slot to someone else: its lease is void, and there is nothing to give back. */
  lost(slot: Slot): void {
    const lease = this.#live.of(slot)
    if (lease === undefined) return
    this.#live.remove(lease)
    lease.lost()
    const { learning, standings, headroom } = this.#core
    if (lease.expectation !== undefined) learning?.dropped(lease.expectation)
    standings.neutral(lease.row, slot)
    if (lease.reservation !== undefined) headroom.settle(lease.reservation, { usage: undefined })
    this.#record(lease, 'lost', undefined)
    this.#free(lease, undefined)
    this.#events.ended(lease.decisionId)
  }

  close(): void {
    this.#live.close()
  }

  monotonicMs(): number {
    return this.#core.clock.monotonicMs()
  }

  decision(id: number) {
    return this.#core.ring.read(id)
  }

  bindLease(
    { tenant, account }: SlotLease,
    keys: readonly string[],
    ttlMs = this.#core.profile.ownerTtlMs,
  ): MaybePromise<void> {
    const scope = { tenant, pool: this.#core.pool, group: null }
    return bindOwners(this.#core, scope, keys, stateDomain(account), ttlMs)
  }

  began(lease: SlotLease): void {
    const { learning, standings } = this.#core
    if (learning !== undefined && this.#isSame(lease))
      learning.firstToken(lease.expectation!, this.monotonicMs())
    standings.began(lease.row, lease.slot, lease.grant)
  }

  limitsTold(lease: SlotLease, limits: ReportedLimits, atMs: number): void {
    const { columns, profile, headroom } = this.#core
    if (profile.limits !== 'respect' || !this.#isSame(lease)) return
    headroom.report(columns.accounts[lease.row]!, lease.model, limits, lease.grant, atMs)
  }

  ended(lease: SlotLease, settlement: Settlement | undefined): void {
    const { headroom } = this.#core
    this.#live.remove(lease)
    this.#record(lease, settlement?.outcome?.kind, settlement?.usage)
    this.#learn(lease, settlement)
    if (settlement?.limits !== undefined) {
      const toldMs = lease.firstTokenMs < 0 ? this.monotonicMs() : lease.admittedMs + lease.firstTokenMs
      this.limitsTold(lease, settlement.limits, toldMs)
    }
    if (lease.reservation !== undefined)
      headroom.settle(lease.reservation, settlement && { usage: settlement.usage })
    this.#free(lease, lease.slot)
    this.#events.ended(lease.decisionId)
  }

  #record({ decisionId, firstTokenMs, admittedMs }: SlotLease, outcome: End, usage: Usage | undefined): void {
    const durationMs = this.monotonicMs() - admittedMs
    this.#core.ring.ended(decisionId, { outcome, firstTokenMs, durationMs, usage })
  }

  /** What its end says of the account. What an old credential met says nothing about a new one. */
  #learn(lease: SlotLease, settlement: Settlement | undefined): void {
    const { columns, counters, learning, standings } = this.#core
    const { row, slot, grant, firstTokenMs } = lease
    if (!this.#isSame(lease)) {
      learning?.dropped(lease.expectation!)
      return
    }
    const outcome = settlement?.outcome
    const said = outcome === undefined ? 'neutral' : verdict(outcome.kind)
    const end = { verdict: said, usage: settlement?.usage, account: lease.account.id }
    learning?.ended(lease.expectation!, end, this.monotonicMs())
    if (said !== 'neutral') {
      recordResult(columns, row, said === 'ok', said === 'ok' ? firstTokenMs : null)
      counters.measured(row)
    }
    if (outcome === undefined) standings.neutral(row, slot)
    else if (this.#refused(lease, outcome)) standings.neutral(row, slot)
    else standings.settled(row, outcome, slot, grant)
  }

  /** A rate limit is one model's, where it is known which, and where limits are minded. */
  #refused({ model, account: { id } }: SlotLease, outcome: Outcome): boolean {
    const { profile, clock, columns, roster, refusals, publish } = this.#core
    if (outcome.kind !== 'rate_limited' || profile.limits !== 'respect' || model === '') return false
    const account = columns.accounts[roster.rowOf(id)]!
    const restMs = coolDownMs(outcome, clock.wallMs(), profile.coolDowns)
    if (restMs <= 0) return true
    refusals.add(account, model, clock.monotonicMs() + restMs)
    const untilMs = clock.wallMs() + restMs
    publish({
      kind: 'cool_down',
      account: id,
      reason: outcome.kind,
      untilMs,
      model: upstreamName(account, model),
    })
    return true
  }

  /** The account behind a lease's row is still the one it was given out for, with the same credential. */
  #isSame({ row, account }: SlotLease): boolean {
    const now = this.#core.columns.accounts[row]
    return now?.id === account.id && now.revision === account.revision
  }
  /** What the account is expected to do for a run; undefined where nothing is learned. */
  #expectation(run: Run): Expectation | undefined {
    const { learning, clock } = this.#core
    if (learning === undefined) return undefined
    const { row, sessionKey: session, inputTokens } = run
    const cachedTokens = cachedTokensAt(this.#core, run, row)
    const { whole = false } = run.request
    return learning.admitted({ row, session, inputTokens, cachedTokens, whole }, clock.monotonicMs())
  }

  #free({ row, tenant, tenantCounted }: SlotLease, slot: Slot | undefined): void {
    if (tenantCounted) this.#core.tenants.giveBack(tenant)
    this.#giveBack(row, slot)
    if (tenantCounted) this.#events.tenantFreed(tenant)
  }

  /** The columns first, so that whoever it wakes sees the slot free; without a slot the store has it back already. */
  #giveBack(row: number, slot: Slot | undefined): void {
    const { columns, releases } = this.#core
    columns.inUse[row] = Math.max(0, columns.inUse[row]! - 1)
    refreshLoad(columns, row)
    if (slot !== undefined) releases.release(slot)
    this.#events.freed(row)
  }
}
