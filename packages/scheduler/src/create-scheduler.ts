/** Longer than other files: the public surface, what leases ask back, and the wiring between them share one state. */
import { createColumns, refreshLoad } from './columns/columns.ts'
import { createRanked } from './columns/ranked.ts'
import { createAccountEvents, MAX_EVENTS } from './engine/account-events.ts'
import type { Core } from './engine/core.ts'
import { DecisionRing } from './engine/decision-ring.ts'
import { createEligibleSets } from './engine/eligible-set.ts'
import { type LeaseKeeper, SlotLease } from './engine/lease.ts'
import { createLiveLeases, type LiveLeases } from './engine/live-leases.ts'
import { guarded, isPromise } from './engine/maybe-promise.ts'
import { createCounters } from './engine/metrics.ts'
import type { OperatorAction } from './engine/overrides.ts'
import { bindOwners, resolveOwners, storeFailed, unbindOwners } from './engine/owners.ts'
import { createReleases } from './engine/releases.ts'
import { createRoster } from './engine/roster.ts'
import type { Run } from './engine/run.ts'
import { runSelection } from './engine/select.ts'
import { None, Selected, Waits } from './engine/selections.ts'
import { bindSession, quietly } from './engine/session-binding.ts'
import { createStandings } from './engine/standings.ts'
import { createTenantSlots } from './engine/tenant-slots.ts'
import { aborted, createWaiting, type Waiting } from './engine/waiting.ts'
import { createWallTime } from './engine/wall-time.ts'
import { cachedTokensAt } from './engine/warm-places.ts'
import { SchedulerError } from './errors.ts'
import { stateDomain } from './filters/domain.ts'
import { verdict } from './health/cool-down.ts'
import type { Expectation } from './learning/in-flight.ts'
import { createLearning } from './learning/learning.ts'
import { createHeadroom, type Headroom, limitDomain } from './limits/headroom.ts'
import type { Account } from './model/account.ts'
import type { Decision } from './model/decision.ts'
import type { ModelLimits, ReportedLimits } from './model/limits.ts'
import type { ScheduleRequest } from './model/request.ts'
import type { NoneReason, Selection } from './model/selection.ts'
import type {
  AccountSource,
  BindingStore,
  Clock,
  HealthNotice,
  HealthStore,
  LoadListener,
  MaybePromise,
  Random,
  SlotStore,
  Turns,
} from './ports.ts'
import type { Profile } from './profile.ts'
import { createSelectionRandom } from './random.ts'
import { createScratch } from './rankers/ranker.ts'
import type {
  AccountEvent,
  AccountState,
  CancelSignal,
  Located,
  Scheduler,
  SchedulerListener,
} from './scheduler.ts'
import { recordResult } from './stats/runtime-stats.ts'

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

/**
 * Creates the scheduler of one pool. It owns no clock, no chance and no store; it subscribes to the ports it is
 * given and lets them go on `close`. Several schedulers may share accounts through shared stores.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new PoolScheduler(options)
}

/** The wiring of the engine's parts, and the public surface over them. */
class PoolScheduler implements Scheduler, LeaseKeeper {
  readonly #core: Core
  readonly #waiting: Waiting
  readonly #releases: ReturnType<typeof createReleases>
  readonly #live: LiveLeases
  readonly #listeners = new Set<SchedulerListener>()
  readonly #unsubscribe: (() => void)[] = []
  readonly #events = createAccountEvents()
  readonly #reported = new Set<number>()
  /** Row -> the first decision that cannot mean the account removed from it. */
  readonly #reusableFrom: number[] = []
  #draining = false
  #cancelTick: (() => void) | undefined
  #tickAtMs = Number.POSITIVE_INFINITY

  constructor(options: SchedulerOptions) {
    const { profile, slots, bindings, clock, random, health, turns, pool = 'default' } = options
    const columns = createColumns()
    const learning = profile.learning === 'on' ? createLearning(columns) : undefined
    const roster = createRoster(columns, row => this.#isReusable(row))
    const ring = new DecisionRing(
      columns,
      { profile: profile.name, picker: profile.picker.name, pool },
      profile.ranker,
      options.decisions,
    )
    const standings = createStandings(columns, profile, { clock, health }, roster, {
      opened: row => this.#waiting.wake(row),
      dueEarlier: () => {
        if (this.#waiting.queue.length > 0) this.#armTick()
      },
      changed: (row, from, to, reason) => {
        const account = columns.ids[row]!
        this.#events.add({ wallMs: clock.wallMs(), account, from, to, reason })
        this.#tell(listener => listener.accountChanged?.(account, from, to, reason))
      },
      recovered: row => this.#core.learning?.odds.forget(row),
      forgotten: row => {
        this.#core.headroom.forget(columns.accounts[row]!)
        this.#core.learning?.forget(row)
      },
    })
    this.#releases = createReleases(slots, clock, account => {
      const row = roster.rowOf(account)
      if (row >= 0) this.#waiting.wake(row)
    })
    this.#core = {
      pool,
      profile,
      slots,
      releases: this.#releases,
      bindings,
      clock,
      random,
      wallTime: createWallTime(clock),
      columns,
      roster,
      sets: createEligibleSets(columns, profile.filters, profile.ranker),
      standings,
      tenants: createTenantSlots(),
      headroom: this.#headroom(options),
      tenantLeft: run => {
        if (this.#core.tenants.give(run)) this.#waiting.tenantFreed(run.tenant)
      },
      ring,
      counters: createCounters(),
      listener: this.#loadListener(),
      modelLimits: false,
      learning,
      queueDepth: 0,
      grants: 0,
      ranked: createRanked(),
      draw: profile.picker.createDraw(),
      selectionRandom: createSelectionRandom(),
      scratch: createScratch(learning),
      seed: new Uint32Array(2),
      indices: new Int32Array(64),
      scores: new Float64Array(64),
      batches: [],
    }
    this.#live = createLiveLeases(slots, clock)
    this.#waiting = createWaiting(
      this.#core,
      (run, row, slot) => {
        standings.neutral(row, slot)
        if (run.reservation !== undefined) this.#core.headroom.settle(run.reservation, undefined)
        this.#core.tenants.give(run)
        this.#giveBack(row, slot)
        this.#waiting.tenantFreed(run.tenant)
      },
      id => ring.read(id),
      () => quietly(() => turns?.announce(pool, this.#oldestWaitMs())),
    )
    this.#replaceAccounts(options.accounts.list())
    this.#unsubscribe.push(
      options.accounts.subscribe(accounts => this.#replaceAccounts(accounts)),
      slots.subscribe(this.#core.listener),
      () => standings.close(),
    )
    if (health !== undefined && profile.limits === 'respect')
      this.#unsubscribe.push(health.subscribe(notice => this.#limitsHeard(notice)))
    // A slot reserved for this node's turn is passed on at once unless a waiter here can use it.
    if (turns) this.#unsubscribe.push(turns.subscribe(slot => this.#reserved(slot)))
  }

  select(request: ScheduleRequest): Selection | Promise<Selection> {
    this.#refuseWhileDraining()
    const run = runSelection(this.#core, request, { patient: false })
    return isPromise(run) ? run.then(done => this.#selection(done)) : this.#selection(run)
  }

  async acquire(request: ScheduleRequest, { signal }: { readonly signal?: CancelSignal } = {}) {
    this.#refuseWhileDraining()
    if (signal?.aborted) throw aborted(signal, undefined)
    const pending = runSelection(this.#core, request, { signal, patient: true })
    const run = isPromise(pending) ? await pending : pending
    this.#decided(run)
    if (run.result === 'selected') {
      const lease = this.#lease(run, 0)
      // The client may have left while a store was asked: its slot must not wait for a stream that never comes.
      if (signal?.aborted) {
        lease[Symbol.dispose]()
        throw aborted(signal, lease.decision)
      }
      return lease
    }
    if (signal?.aborted) throw aborted(signal, this.#core.ring.read(run.decisionId))
    if (run.result === 'none') throw this.#absence(run)
    if (this.#draining) throw this.#drainingError(run)
    const lease = this.#waiting.enter(run, signal, (granted, waitedMs) => this.#admit(granted, waitedMs))
    this.#armTick()
    if (isPromise(pending)) this.#waiting.lookAround(run)
    return lease
  }

  bind(
    request: { readonly tenant?: string },
    keys: readonly string[],
    domain: string,
    options: { readonly ttlMs?: number } = {},
  ) {
    return bindOwners(
      this.#core,
      this.#scope(request.tenant),
      keys,
      domain,
      options.ttlMs ?? this.#core.profile.ownerTtlMs,
    )
  }

  unbind(request: { readonly tenant?: string }, keys: readonly string[]): Promise<void> {
    return unbindOwners(this.#core, this.#scope(request.tenant), keys)
  }

  async locate(request: { readonly tenant?: string; readonly owners?: readonly string[] }): Promise<Located> {
    const { columns, standings, clock } = this.#core
    if (request.owners === undefined || request.owners.length === 0)
      return { kind: 'none', reason: 'owner_unknown' }
    let found: Awaited<ReturnType<typeof resolveOwners>>
    try {
      found = await resolveOwners(this.#core, this.#scope(request.tenant), request.owners)
    } catch (error) {
      throw storeFailed('Looking up the owner', error)
    }
    if (found.kind === 'none') return found
    standings.tick(clock.monotonicMs())
    let soonest = Number.POSITIVE_INFINITY
    for (let row = 0; row < columns.size; row++) {
      const account = columns.accounts[row]
      if (account === undefined || stateDomain(account) !== found.domain) continue
      if (columns.usable[row] !== 0) return { kind: 'located', account: account.id, domain: found.domain }
      soonest = Math.min(soonest, standings.availableAtMs(row))
    }
    if (soonest === Number.POSITIVE_INFINITY) return { kind: 'none', reason: 'owner_gone' }
    return {
      kind: 'none',
      reason: 'owner_unavailable',
      retryAfterMs: Math.max(0, soonest - clock.monotonicMs()),
    }
  }

  knowsSession(request: Pick<ScheduleRequest, 'tenant' | 'group' | 'session'>): MaybePromise<boolean> {
    const { profile, bindings } = this.#core
    const rule = profile.affinity.find(({ layer }) => layer === 'session_hash')
    const scope = { ...this.#scope(request.tenant), group: request.group ?? null }
    const key = rule?.key({ ...request, model: '' }, scope)
    if (key === undefined) return false
    const found = guarded<string | undefined, undefined>(
      () => bindings.get(key),
      () => undefined,
    )
    return isPromise(found) ? found.then(account => account !== undefined) : found !== undefined
  }

  report(
    accountId: string,
    result: { readonly success: boolean; readonly firstTokenMs: number | null },
  ): void {
    const { roster, profile } = this.#core
    const row = profile.strangers === 'remember' ? roster.remember(accountId) : roster.rowOf(accountId)
    if (row >= 0) this.#record(row, result.success, result.firstTokenMs)
  }

  reportSwitch(): void {
    this.#core.counters.switched()
  }

  metrics() {
    return this.#core.counters.snapshot(this.#reported.size)
  }

  accounts(): AccountState[] {
    const { columns, standings, clock } = this.#core
    const nowMs = clock.monotonicMs()
    standings.tick(nowMs)
    const states: AccountState[] = []
    for (let row = 0; row < columns.size; row++)
      if (columns.accounts[row] !== undefined) states.push(this.#stateOf(row, nowMs))
    return states
  }

  limits(accountId: string): ModelLimits[] {
    const { roster, columns, headroom, clock } = this.#core
    const account = columns.accounts[roster.rowOf(accountId)]
    if (account === undefined) return []
    const nowMs = clock.monotonicMs()
    headroom.tick(nowMs)
    return headroom.of(account, nowMs)
  }

  operate(accountId: string, action: OperatorAction): AccountState {
    const { roster, columns, standings, clock } = this.#core
    const row = roster.rowOf(accountId)
    if (row < 0 || columns.accounts[row] === undefined) {
      throw new SchedulerError('invalid_request', `The pool ${this.#core.pool} has no account ${accountId}.`)
    }
    if (!ACTIONS.includes(action)) {
      throw new SchedulerError(
        'invalid_request',
        `The action is ${action}; it must be one of ${ACTIONS.join(', ')}.`,
      )
    }
    standings.tick(clock.monotonicMs())
    standings.operate(row, action)
    this.#waiting.reconsider()
    if (this.#waiting.queue.length > 0) this.#armTick()
    return this.#stateOf(row, clock.monotonicMs())
  }

  accountEvents(limit = MAX_EVENTS): AccountEvent[] {
    this.#core.standings.tick(this.#core.clock.monotonicMs())
    return this.#events.latest(limit)
  }

  get queueDepth(): number {
    return this.#waiting.queue.length
  }

  decisions(limit = 100): Decision[] {
    const { ring } = this.#core
    const found: Decision[] = []
    for (let id = ring.nextId - 1; id >= ring.oldestId && found.length < limit; id--) {
      const decision = ring.read(id)
      if (decision !== undefined) found.push(decision)
    }
    return found
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
    this.#waiting.reject(waiter => this.#drainingError(waiter.run))
  }

  close(): void {
    this.drain()
    this.#cancelTick?.()
    this.#releases.close()
    this.#live.close()
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
  }

  // What leases ask for (LeaseKeeper).

  monotonicMs(): number {
    return this.#core.clock.monotonicMs()
  }

  bindLease(lease: SlotLease, keys: readonly string[], ttlMs = this.#core.profile.ownerTtlMs) {
    return bindOwners(this.#core, this.#scope(lease.tenant), keys, stateDomain(lease.account), ttlMs)
  }

  began(lease: SlotLease): void {
    const { learning, clock } = this.#core
    if (learning !== undefined && this.#isSame(lease)) {
      learning.firstToken(lease.expectation!, clock.monotonicMs())
    }
    this.#core.standings.began(lease.row, lease.slot, lease.grant)
  }

  limitsTold(lease: SlotLease, limits: ReportedLimits, atMs: number): void {
    const { columns, profile, headroom } = this.#core
    if (profile.limits !== 'respect' || !this.#isSame(lease)) return
    headroom.report(columns.accounts[lease.row]!, lease.model, limits, lease.grant, atMs)
  }

  ended(lease: SlotLease, settlement: Parameters<SlotLease['settle']>[0] | undefined): void {
    const { ring, standings } = this.#core
    this.#live.remove(lease)
    const outcome = settlement?.outcome
    const said = outcome === undefined ? 'neutral' : verdict(outcome.kind)
    ring.ended(lease.decisionId, {
      outcome: outcome?.kind,
      firstTokenMs: lease.firstTokenMs,
      durationMs: this.#core.clock.monotonicMs() - lease.admittedMs,
      usage: settlement?.usage,
    })
    // What an old credential met says nothing about the new one.
    const isSame = this.#isSame(lease)
    const { learning } = this.#core
    if (!isSame) learning?.dropped(lease.expectation!)
    else if (learning !== undefined) {
      const end = { verdict: said, usage: settlement?.usage, account: lease.account.id }
      learning.ended(lease.expectation!, end, this.#core.clock.monotonicMs())
    }
    if (isSame) {
      if (said !== 'neutral')
        this.#record(lease.row, said === 'ok', said === 'ok' ? lease.firstTokenMs : null)
      if (outcome === undefined) standings.neutral(lease.row, lease.slot)
      else standings.settled(lease.row, outcome, lease.slot, lease.grant)
    }
    if (settlement?.limits !== undefined) {
      const toldMs =
        lease.firstTokenMs < 0 ? this.#core.clock.monotonicMs() : lease.admittedMs + lease.firstTokenMs
      this.limitsTold(lease, settlement.limits, toldMs)
    }
    if (lease.reservation !== undefined)
      this.#core.headroom.settle(lease.reservation, settlement && { usage: settlement.usage })
    if (lease.tenantCounted) this.#core.tenants.giveBack(lease.tenant)
    this.#giveBack(lease.row, lease.slot)
    if (lease.tenantCounted) this.#waiting.tenantFreed(lease.tenant)
    if (this.#waiting.queue.length > 0) this.#armTick()
    this.#tell(listener => listener.ended?.(lease.decisionId))
  }

  #stateOf(row: number, nowMs: number): AccountState {
    const { columns, standings } = this.#core
    const ttftMs = columns.ttftMs[row]!
    return {
      account: columns.ids[row]!,
      inUse: columns.inUse[row]!,
      limit: columns.limit[row]!,
      waiting: columns.waiting[row]!,
      loadRate: columns.loadRate[row]!,
      errorRate: columns.errorRate[row]!,
      ttftMs: Number.isNaN(ttftMs) ? undefined : ttftMs,
      ...standings.stateOf(row),
      override: standings.override(row),
      availableInMs: Math.max(0, standings.availableAtMs(row) - nowMs),
    }
  }

  #scope(tenant = '') {
    return { tenant, pool: this.#core.pool, group: null }
  }

  #record(row: number, success: boolean, firstTokenMs: number | null): void {
    recordResult(this.#core.columns, row, success, firstTokenMs)
    this.#reported.add(row)
  }

  #selection(run: Run): Selection {
    this.#decided(run)
    const { ring } = this.#core
    const id = run.decisionId
    if (run.result === 'selected') return new Selected(ring, id, this.#lease(run, 0))
    if (run.result === 'wait') return new Waits(ring, id, run.plan!)
    if (run.reason === undefined) throw this.#absence(run)
    return new None(ring, id, run.reason, run.retryAfterMs)
  }

  #decided(run: Run): void {
    this.#tell(listener => listener.decided?.(run.decisionId))
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

  #lease(run: Run, waitedMs: number): SlotLease {
    const lease = new SlotLease(
      this,
      run,
      run.account!,
      waitedMs,
      run.startedMs + waitedMs,
      this.#expectation(run),
    )
    this.#live.add(lease)
    return lease
  }

  /** The account behind a lease's row is still the one it was given out for, with the same credential. */
  #isSame({ row, account }: SlotLease): boolean {
    const now = this.#core.columns.accounts[row]
    return now?.id === account.id && now.revision === account.revision
  }

  #expectation(run: Run): Expectation | undefined {
    const { learning, clock } = this.#core
    if (learning === undefined) return undefined
    const { row, sessionKey: session, inputTokens } = run
    const cachedTokens = cachedTokensAt(this.#core, run, row)
    const { whole = false } = run.request
    const grant = { row, session, inputTokens, cachedTokens, whole }
    return learning.admitted(grant, clock.monotonicMs())
  }

  #admit(run: Run, waitedMs: number): SlotLease {
    const { ring, counters, profile, learning } = this.#core
    if (learning !== undefined) run.stickySessionHit = cachedTokensAt(this.#core, run, run.row) > 0
    ring.admitted(run.decisionId, run.row, waitedMs, run.stickySessionHit)
    if (profile.hitsCount === 'on_admission') counters.admittedSticky(run)
    const bound = bindSession(this.#core, run, run.row)
    if (isPromise(bound)) bound.catch(() => {})
    return this.#lease(run, waitedMs)
  }

  #absence(run: Run): SchedulerError {
    const decision = this.#core.ring.read(run.decisionId)
    if (run.error instanceof SchedulerError) return run.error
    if (run.error !== undefined) {
      const { message, cause } = storeFailed('Taking a slot', run.error)
      return new SchedulerError('store_failed', message, { cause, decision })
    }
    const reason = run.reason!
    return new SchedulerError(reason, ABSENCES[reason], { retryAfterMs: run.retryAfterMs, decision })
  }

  #refuseWhileDraining(): void {
    if (this.#draining) throw this.#drainingError(undefined)
  }

  #drainingError(run: Run | undefined): SchedulerError {
    const decision = run === undefined ? undefined : this.#core.ring.read(run.decisionId)
    return new SchedulerError('draining', 'This node is shutting down.', { retryAfterMs: 1000, decision })
  }

  /** A slot of a row came back: the columns first, so that whoever it wakes sees it free. */
  #giveBack(row: number, slot: SlotLease['slot']): void {
    const { columns } = this.#core
    columns.inUse[row] = Math.max(0, columns.inUse[row]! - 1)
    refreshLoad(columns, row)
    this.#releases.release(slot)
    this.#waiting.wake(row)
  }

  #reserved(slot: SlotLease['slot']): void {
    this.#releases.release(slot)
    const row = this.#core.roster.rowOf(slot.account)
    if (row >= 0) this.#waiting.wake(row)
  }

  #replaceAccounts(accounts: readonly Account[]): void {
    const { columns, roster, standings, sets, ring } = this.#core
    const changed = roster.replace(accounts)
    this.#core.modelLimits = accounts.some(account => account.modelLimitedUntilMs !== undefined)
    sets.clear()
    for (const row of changed) {
      if (columns.accounts[row] === undefined) {
        this.#reusableFrom[row] = ring.nextId
        if (this.#core.profile.strangers === 'ignore') this.#reported.delete(row)
      }
      standings.accountChanged(row)
    }
    this.#waiting.reconsider()
  }

  #isReusable(row: number): boolean {
    return this.#core.ring.oldestId >= (this.#reusableFrom[row] ?? 0)
  }

  #oldestWaitMs(): number {
    const oldest = this.#waiting.queue.oldest
    return oldest === undefined ? 0 : this.#core.clock.monotonicMs() - oldest.sinceMs
  }

  /** While requests wait, time itself may free an account: a cool-down ends, a probe is due. */
  #armTick(): void {
    const { standings, clock, headroom } = this.#core
    const dueMs = Math.min(
      standings.nextDueMs,
      headroom.known ? headroom.nextDueMs : Number.POSITIVE_INFINITY,
    )
    if (dueMs >= this.#tickAtMs) return
    this.#cancelTick?.()
    this.#tickAtMs = dueMs
    this.#cancelTick = clock.schedule(Math.max(0, dueMs - clock.monotonicMs()), () => {
      this.#tickAtMs = Number.POSITIVE_INFINITY
      standings.tick(clock.monotonicMs())
      headroom.tick(clock.monotonicMs())
      if (this.#waiting.queue.length > 0) this.#armTick()
    })
  }

  #headroom({ clock, health }: SchedulerOptions): Headroom {
    return createHeadroom({
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => clock.wallMs(),
      raised: domain => {
        if (this.#waiting.queue.length === 0) return
        const { columns } = this.#core
        for (let row = 0; row < columns.size; row++) {
          const account = columns.accounts[row]
          if (account !== undefined && limitDomain(account) === domain) this.#waiting.wake(row)
        }
      },
      changed: () => {
        if (this.#waiting.queue.length > 0) this.#armTick()
      },
      publish: notice => void quietly(() => health?.publish(notice)),
    })
  }

  #limitsHeard(notice: HealthNotice): void {
    if (notice.kind !== 'limits') return
    const { roster, columns, headroom } = this.#core
    const account = columns.accounts[roster.rowOf(notice.account)]
    if (account !== undefined) headroom.heard(account, notice)
  }

  #loadListener(): LoadListener {
    return {
      load: (account, inUse, waiting) => {
        const { roster, columns } = this.#core
        const row = roster.rowOf(account)
        if (row < 0) return
        columns.inUse[row] = inUse
        columns.waitingElsewhere[row] = waiting
        refreshLoad(columns, row)
        this.#waiting.wake(row)
      },
      readable: state => {
        const { columns, profile } = this.#core
        columns.loadsVisible = state === 'restored' || profile.unreadableLoads === 'keep'
        for (let row = 0; row < columns.size; row++) refreshLoad(columns, row)
      },
      lost: slot => {
        const lease = this.#live.of(slot)
        if (lease === undefined) return
        this.#live.remove(lease)
        lease.lost()
        if (lease.expectation !== undefined) this.#core.learning?.dropped(lease.expectation)
        const { columns, standings, tenants, headroom } = this.#core
        standings.neutral(lease.row, slot)
        columns.inUse[lease.row] = Math.max(0, columns.inUse[lease.row]! - 1)
        refreshLoad(columns, lease.row)
        if (lease.reservation !== undefined) headroom.settle(lease.reservation, { usage: undefined })
        if (lease.tenantCounted) tenants.giveBack(lease.tenant)
        this.#waiting.wake(lease.row)
        if (lease.tenantCounted) this.#waiting.tenantFreed(lease.tenant)
      },
    }
  }
}

const ACTIONS: readonly OperatorAction[] = ['drain', 'enable', 'disable', 'reset']

const ABSENCES: Record<NoneReason, string> = {
  owner_unknown: 'Nothing is known of the state this request refers to.',
  conflicting_owners: 'The request refers to state at more than one place.',
  owner_gone: 'The account that holds the state this request refers to is gone.',
  owner_unavailable: 'The account that holds the state this request refers to cannot be reached now.',
  no_accounts: 'The pool has no account that may be used.',
  model_unsupported: 'No account of the pool serves this model.',
  transport_unsupported: 'No account of the pool that serves this model carries the transport.',
  all_excluded: 'The request has failed on every account that could serve it.',
  cooling_down: 'Every account that could serve the request is resting.',
}
