/** Longer than other files: one method for each of the public surface, and the wiring of the parts that answer them. */
import { absenceError } from './engine/absence.ts'
import { createAccountEvents, MAX_EVENTS } from './engine/account-events.ts'
import { accountStates, knownLimits, stateOf } from './engine/account-states.ts'
import type { Core } from './engine/core.ts'
import { createCore } from './engine/create-core.ts'
import { createDueTick, type DueTick } from './engine/due-tick.ts'
import { Leases } from './engine/leases.ts'
import { locate } from './engine/locate.ts'
import { isPromise, quietly } from './engine/maybe-promise.ts'
import { bindOwners, unbindOwners } from './engine/owners.ts'
import type { Run } from './engine/run.ts'
import { runSelection } from './engine/select.ts'
import { None, Selected, Waits } from './engine/selections.ts'
import { bindSession, knowsSession } from './engine/session-binding.ts'
import { aborted, drained, givenUp } from './engine/turn-away.ts'
import { createWaiting, type Waiting } from './engine/waiting.ts'
import { cachedTokensAt } from './engine/warm-places.ts'
import { SchedulerError } from './errors.ts'
import type { Account } from './model/account.ts'
import { ACTIONS, type AccountEvent, type AccountState, type OperatorAction } from './model/account-state.ts'
import type { Decision } from './model/decision.ts'
import type { ModelLimits } from './model/limits.ts'
import type { ScheduleRequest } from './model/request.ts'
import type { Selection } from './model/selection.ts'
import type { HealthNotice, MaybePromise, Slot } from './ports.ts'
import type { CancelSignal, Located, Scheduler, SchedulerListener, SchedulerOptions } from './scheduler.ts'
import { recordResult } from './stats/runtime-stats.ts'

/**
 * Creates the scheduler of one pool. It owns no clock, no chance and no store; it subscribes to the ports it is
 * given and lets them go on `close`. Several schedulers may share accounts through shared stores.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new PoolScheduler(options)
}

/** The wiring of the engine's parts, and the public surface over them. */
class PoolScheduler implements Scheduler {
  readonly #core: Core
  readonly #waiting: Waiting
  readonly #leases: Leases
  readonly #tick: DueTick
  readonly #listeners = new Set<SchedulerListener>()
  readonly #unsubscribe: (() => void)[] = []
  readonly #events = createAccountEvents()
  #draining = false

  constructor(options: SchedulerOptions) {
    const { profile, accounts, slots, health, turns } = options
    const wake = (row: number) => this.#waiting.wake(row)
    const tenantFreed = (tenant: string) => this.#waiting.tenantFreed(tenant)
    this.#core = createCore(options, {
      opened: wake,
      tenantFreed,
      dueEarlier: () => this.#tick.arm(),
      lost: slot => this.#leases.lost(slot),
      accountChanged: change => this.#accountChanged(change),
    })
    this.#leases = new Leases(this.#core, {
      freed: wake,
      tenantFreed,
      ended: decisionId => {
        this.#tick.arm()
        this.#tell(listener => listener.ended?.(decisionId))
      },
    })
    this.#tick = createDueTick(this.#core)
    this.#waiting = createWaiting(
      this.#core,
      (run, row, slot) => this.#leases.unwanted(run, row, slot),
      () => quietly(() => turns?.announce(this.#core.pool, this.#oldestWaitMs())),
    )
    this.#replaceAccounts(accounts.list())
    this.#unsubscribe.push(
      accounts.subscribe(list => this.#replaceAccounts(list)),
      slots.subscribe(this.#core.listener),
      () => this.#core.standings.close(),
    )
    if (health !== undefined && profile.limits === 'respect')
      this.#unsubscribe.push(health.subscribe(notice => this.#limitsHeard(notice)))
    if (turns) this.#unsubscribe.push(turns.subscribe(slot => this.#reserved(slot)))
  }

  select(request: ScheduleRequest): Selection | Promise<Selection> {
    this.#refuseWhileDraining()
    const run = runSelection(this.#core, request, { patient: false })
    return isPromise(run) ? run.then(done => this.#selection(done)) : this.#selection(run)
  }

  async acquire(request: ScheduleRequest, { signal }: { readonly signal?: CancelSignal } = {}) {
    this.#refuseWhileDraining()
    if (signal?.aborted) throw aborted(signal)
    const pending = runSelection(this.#core, request, { signal, patient: true })
    const run = isPromise(pending) ? await pending : pending
    this.#decided(run)
    if (run.result === 'selected') {
      const lease = this.#leases.give(run, 0)
      // The client may have left while a store was asked: its slot must not wait for a stream that never comes.
      if (signal?.aborted) {
        lease[Symbol.dispose]()
        throw aborted(signal, lease.decision)
      }
      return lease
    }
    if (signal?.aborted) throw givenUp(this.#core, run, signal)
    if (run.result === 'none') throw absenceError(this.#core, run)
    if (this.#draining) throw drained(this.#core, run)
    const lease = this.#waiting.enter(run, signal, (granted, waitedMs) => this.#admit(granted, waitedMs))
    this.#tick.arm()
    if (isPromise(pending)) this.#waiting.lookAround(run)
    return lease
  }

  bind(
    { tenant }: { readonly tenant?: string },
    keys: readonly string[],
    domain: string,
    { ttlMs = this.#core.profile.ownerTtlMs }: { readonly ttlMs?: number } = {},
  ) {
    return bindOwners(this.#core, this.#scope(tenant), keys, domain, ttlMs)
  }

  unbind({ tenant }: { readonly tenant?: string }, keys: readonly string[]): Promise<void> {
    return unbindOwners(this.#core, this.#scope(tenant), keys)
  }

  locate({
    tenant,
    owners,
  }: {
    readonly tenant?: string
    readonly owners?: readonly string[]
  }): Promise<Located> {
    return locate(this.#core, this.#scope(tenant), owners)
  }

  knowsSession(request: Pick<ScheduleRequest, 'tenant' | 'group' | 'session'>): MaybePromise<boolean> {
    const scope = { ...this.#scope(request.tenant), group: request.group ?? null }
    return knowsSession(this.#core, scope, request)
  }

  report(
    accountId: string,
    { success, firstTokenMs }: { readonly success: boolean; readonly firstTokenMs: number | null },
  ): void {
    const { roster, profile, columns, counters } = this.#core
    const row = profile.strangers === 'remember' ? roster.remember(accountId) : roster.rowOf(accountId)
    if (row < 0) return
    recordResult(columns, row, success, firstTokenMs)
    counters.measured(row)
  }

  reportSwitch(): void {
    this.#core.counters.switched()
  }

  metrics() {
    return this.#core.counters.snapshot()
  }

  accounts(): AccountState[] {
    return accountStates(this.#core)
  }

  limits(accountId: string): ModelLimits[] {
    return knownLimits(this.#core, accountId)
  }

  operate(accountId: string, action: OperatorAction): AccountState {
    const { roster, columns, standings, clock, pool } = this.#core
    const row = roster.rowOf(accountId)
    if (row < 0 || columns.accounts[row] === undefined)
      throw new SchedulerError('invalid_request', `The pool ${pool} has no account ${accountId}.`)
    if (!ACTIONS.includes(action)) {
      throw new SchedulerError(
        'invalid_request',
        `The action is ${action}; it must be one of ${ACTIONS.join(', ')}.`,
      )
    }
    standings.tick(clock.monotonicMs())
    standings.operate(row, action)
    this.#waiting.reconsider()
    this.#tick.arm()
    return stateOf(this.#core, row, clock.monotonicMs())
  }

  accountEvents(limit = MAX_EVENTS): AccountEvent[] {
    const { standings, refusals, clock } = this.#core
    standings.tick(clock.monotonicMs())
    refusals.tick(clock.monotonicMs())
    return this.#events.latest(limit)
  }

  get queueDepth(): number {
    return this.#core.queueDepth
  }

  decisions(limit = 100): Decision[] {
    return this.#core.ring.latest(limit)
  }

  decision(id: number): Decision | undefined {
    return this.#core.ring.read(id)
  }

  subscribe(listener: SchedulerListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  drain(): void {
    this.#draining = true
    this.#waiting.reject(waiter => drained(this.#core, waiter.run))
  }

  close(): void {
    this.drain()
    this.#tick.close()
    this.#core.releases.close()
    this.#leases.close()
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
  }

  #scope(tenant = '') {
    return { tenant, pool: this.#core.pool, group: null }
  }

  #refuseWhileDraining(): void {
    if (this.#draining) throw drained(this.#core, undefined)
  }

  #selection(run: Run): Selection {
    this.#decided(run)
    const { ring } = this.#core
    const id = run.decisionId
    if (run.result === 'selected') return new Selected(ring, id, this.#leases.give(run, 0))
    if (run.result === 'wait') return new Waits(ring, id, run.plan!)
    if (run.reason === undefined) throw absenceError(this.#core, run)
    return new None(ring, id, run.reason, run.retryAfterMs)
  }

  /** A waiter has its slot. */
  #admit(run: Run, waitedMs: number) {
    const { ring, counters, profile, learning } = this.#core
    if (learning !== undefined) run.stickySessionHit = cachedTokensAt(this.#core, run, run.row) > 0
    ring.admitted(run.decisionId, run.row, waitedMs, run.stickySessionHit)
    if (profile.hitsCount === 'on_admission') counters.admittedSticky(run)
    const bound = bindSession(this.#core, run, run.row)
    if (isPromise(bound)) bound.catch(() => {})
    return this.#leases.give(run, waitedMs)
  }

  #decided(run: Run): void {
    this.#tell(listener => listener.decided?.(run.decisionId))
  }

  #accountChanged(change: AccountEvent): void {
    const { account, from, to, reason, model } = change
    this.#events.add(change)
    this.#tell(listener => listener.accountChanged?.(account, from, to, reason, model))
  }

  /** A subscriber that throws must cost nobody a slot. */
  #tell(say: (listener: SchedulerListener) => void): void {
    if (this.#listeners.size === 0) return
    for (const listener of this.#listeners) {
      try {
        say(listener)
      } catch {}
    }
  }

  #replaceAccounts(accounts: readonly Account[]): void {
    const { columns, roster, standings, sets, counters, profile } = this.#core
    const changed = roster.replace(accounts)
    this.#core.modelLimits = accounts.some(account => account.modelLimitedUntilMs !== undefined)
    sets.clear()
    for (const row of changed) {
      if (columns.accounts[row] === undefined && profile.strangers === 'ignore') counters.forgotten(row)
      standings.accountChanged(row)
    }
    this.#waiting.reconsider()
  }

  /** A slot reserved for this node's turn is passed on at once, unless a waiter here can use it. */
  #reserved(slot: Slot): void {
    this.#core.releases.release(slot)
    const row = this.#core.roster.rowOf(slot.account)
    if (row >= 0) this.#waiting.wake(row)
  }

  #limitsHeard(notice: HealthNotice): void {
    const { roster, columns, headroom, refusals, clock } = this.#core
    const account = columns.accounts[roster.rowOf(notice.account)]
    if (account === undefined) return
    if (notice.kind === 'limits') headroom.heard(account, notice)
    if (notice.kind === 'cool_down' && notice.model !== undefined)
      refusals.add(account, notice.model, clock.monotonicMs() + notice.untilMs - clock.wallMs())
  }

  #oldestWaitMs(): number {
    const oldest = this.#waiting.queue.oldest
    return oldest === undefined ? 0 : this.#core.clock.monotonicMs() - oldest.sinceMs
  }
}
