import { hasRoom, REACHABLE } from '../columns/columns.ts'
import { SchedulerError } from '../errors.ts'
import { isModelLimited } from '../filters/standing.ts'
import type { ScheduleRequest } from '../model/request.ts'
import type { MaybePromise } from '../ports.ts'
import { deriveSelectionSeed } from '../random.ts'
import type { CancelSignal } from '../scheduler.ts'
import { affinityStep } from './affinity-step.ts'
import { nextFree, rankCandidates, seedRun } from './candidates.ts'
import type { Core } from './core.ts'
import { isCandidate, isExcluded, isLimited } from './eligibility.ts'
import { type EligibleSet, isMember } from './eligible-set.ts'
import { guarded, isPromise } from './maybe-promise.ts'
import { type OwnerLookup, resolveOwners, storeFailed } from './owners.ts'
import { isWorthTaking, mayWaitForBetter } from './patience.ts'
import { checkRequest } from './request-check.ts'
import { AFFINITY, DONE, REST, Run, TRY } from './run.ts'
import { bindSession } from './session-binding.ts'
import { takeFirst, takeRow } from './take-slot.ts'
import { cachedTokensAt, findWarm } from './warm-places.ts'

type Pending = Promise<void> | undefined

/** The layers in order: what each step may do next is said by `run.step`. */
const STEPS: readonly ((core: Core, run: Run) => Pending)[] = [
  ownerStep,
  affinityStep,
  balanceStep,
  tryStep,
  restStep,
]

/** How far the rest of a pool is looked through in one call of a remote store. */
const DEFAULT_BATCH = 64

/**
 * Runs one selection to its end. Synchronous while the stores are; rejects or throws only when a store fails in
 * a way that leaves no safe answer.
 */
export function runSelection(
  core: Core,
  request: ScheduleRequest,
  { signal, patient }: { readonly signal?: CancelSignal | undefined; readonly patient: boolean },
): MaybePromise<Run> {
  const startedMs = core.clock.monotonicMs()
  core.standings.tick(startedMs)
  if (core.headroom.known) core.headroom.tick(startedMs)
  checkRequest(request)
  const run = new Run(request, core.pool, startedMs, signal)
  run.patient = patient
  run.gated = !core.tenants.take(run)
  return run.tenantCounted ? driveCounted(core, run) : drive(core, run)
}

/** What is counted for the tenant is given back however the selection ends without a slot. */
function driveCounted(core: Core, run: Run): MaybePromise<Run> {
  const failed = (error: unknown): never => {
    core.tenantLeft(run)
    throw error
  }
  try {
    const done = drive(core, run)
    return isPromise(done) ? done.catch(failed) : done
  } catch (error) {
    return failed(error)
  }
}

function drive(core: Core, run: Run): MaybePromise<Run> {
  while (run.step !== DONE) {
    const pending = STEPS[run.step]!(core, run)
    if (pending !== undefined) return pending.then(() => resume(core, run))
  }
  finish(core, run)
  return run
}

/** A store answered. A request whose client left meanwhile asks no further. */
function resume(core: Core, run: Run): MaybePromise<Run> {
  if (run.signal?.aborted) run.step = DONE
  return drive(core, run)
}

function finish(core: Core, run: Run): void {
  if (run.decisionId === 0) {
    run.decisionId = core.ring.open(run.request, 0, core.wallTime(run.startedMs))
    noteBound(core, run)
  }
  run.latencyMicros = (core.clock.monotonicMs() - run.startedMs) * 1000
  core.ring.finish(run.decisionId, run)
  if (run.result === 'selected') core.ring.admitted(run.decisionId, run.row, 0)
  else if (run.tenantCounted) core.tenantLeft(run)
  core.counters.selected(run)
}

/** The record is opened after a binding was tried: its attempt is the first. */
function noteBound(core: Core, run: Run): void {
  if (run.boundRow >= 0) core.ring.tried(run.decisionId, run.boundRow, run.boundResult, 'binding')
}

// Hard keys: one state domain, or no account at all.

function ownerStep(core: Core, run: Run): Pending {
  const found = guarded<OwnerLookup, SchedulerError>(
    () => resolveOwners(core, run.scope, run.request.owners!),
    error => storeFailed('Looking up the owner', error),
  )
  if (isPromise(found)) return found.then(lookup => ownerFound(core, run, lookup))
  ownerFound(core, run, found)
}

function ownerFound(core: Core, run: Run, found: OwnerLookup | SchedulerError): void {
  if (found instanceof SchedulerError) {
    run.error = found
    run.step = DONE
  } else if (found.kind === 'none') {
    run.reason = found.reason
    run.step = DONE
  } else {
    run.domain = found.domain
    run.set = core.sets.find(run.request.model, run.request.transport ?? '', found.domain)
    run.step = AFFINITY
  }
}

// Balancing: rank, draw, take.

function balanceStep(core: Core, run: Run): Pending {
  run.layer = run.domain === undefined ? 'load_balance' : 'previous_response_id'
  run.set ??= core.sets.find(run.request.model, run.request.transport ?? '', undefined)
  const { set } = run
  findWarm(core, run)
  rankCandidates(core, run, set)
  noteBound(core, run)
  if (run.gated) return stayOut(core, run, set)
  const probe = run.domain === undefined ? probeFor(core, run, set) : -1
  if (probe >= 0) {
    const taken = takeRow(core, run, probe, 'probe')
    if (isPromise(taken)) {
      if (run.candidateCount > 0) beginDraw(core, run)
      return drainDraws(core, run, set, { row: probe, taken: probing(core, probe, taken) })
    }
    if (taken) return selected(core, run)
  }
  if (run.candidateCount === 0) {
    nothing(core, run, set)
    return
  }
  if (mayWaitForBetter(core, run)) {
    busy(core, run)
    return
  }
  return drawAndTry(core, run)
}

/** The tenant is at its limit: nothing is asked for, but the record and the plan are those of a full house. */
function stayOut(core: Core, run: Run, set: EligibleSet): Pending {
  if (run.candidateCount === 0) {
    nothing(core, run, set)
    return
  }
  beginDraw(core, run)
  drawn(core, run)
  busy(core, run)
}

/** A half-open account's one probe goes to the next request that can use it: rank alone would never send one. */
function probeFor(core: Core, run: Run, set: EligibleSet): number {
  for (const row of core.standings.probes) {
    if (isMember(set, row) && mayProbe(core, run, row) && hasRoom(core.columns, row)) return row
  }
  return -1
}

function mayProbe(core: Core, run: Run, row: number): boolean {
  return core.columns.claimed[row] === 0 && !isExcluded(core, run, row) && !isLimited(core, run, row)
}

/** While the store is asked for a probe's slot, nobody else is sent there. */
function probing(core: Core, row: number, taken: Promise<boolean>): Promise<boolean> {
  const { claimed } = core.columns
  claimed[row] = claimed[row]! + 1
  return taken.finally(() => {
    core.columns.claimed[row] = core.columns.claimed[row]! - 1
  })
}

function drawAndTry(core: Core, run: Run): Pending {
  const { ranked, draw, columns, profile, slots } = core
  beginDraw(core, run)
  if (slots.batchSize !== 1) {
    run.candidates = drawn(core, run)
    run.step = TRY
    return
  }
  for (let place = draw.next(); place >= 0; place = draw.next()) {
    const row = ranked.rows[place]!
    if (skips(core, run, row)) continue
    const taken = takeRow(core, run, row, 'draw')
    if (isPromise(taken)) return drainDraws(core, run, run.set!, { row, taken })
    if (taken) return selected(core, run)
    if (stopped(core, run)) return
    if (profile.tries === 'all') run.tried = [...run.tried, row]
  }
  const waitFor = draw.waitFor()
  run.waitRow = waitFor < 0 ? -1 : ranked.rows[waitFor]!
  run.step = REST
  if (profile.tries === 'all' && columns.size > 0) return
  busy(core, run)
}

function beginDraw(core: Core, run: Run): void {
  const { ranked, seed } = core
  // A sampler has drawn already.
  if (ranked.n > 1 && !run.seeded) {
    const { session = '', previousResponse = '', model, group = null } = run.request
    // Without an anchor the reference mixes its hash with entropy: all entropy is the same, and cheaper.
    if (session === '' && previousResponse === '') core.random.next64(seed)
    else deriveSelectionSeed(seed, { session, previousResponse, model, group }, core.random)
    seedRun(core, run)
  }
  core.draw.begin(ranked, core.columns, core.selectionRandom)
}

/** True for a row that need not be asked: the columns show it full, and the profile trusts them. */
function skips(core: Core, run: Run, row: number): boolean {
  if (run.tried.length > 0 && run.tried.includes(row)) return true
  if (core.profile.tries === 'top_k' || hasRoom(core.columns, row)) return false
  core.ring.tried(run.decisionId, row, 'seen_full', 'draw')
  return true
}

/** All rows still to be drawn, for a store that answers later: the draw itself cannot wait. */
function drawn(core: Core, run: Run): number[] {
  const { ranked, draw } = core
  const rows: number[] = []
  for (let place = draw.next(); place >= 0; place = draw.next()) {
    const row = ranked.rows[place]!
    if (!skips(core, run, row)) rows.push(row)
  }
  const waitFor = draw.waitFor()
  run.waitRow = waitFor < 0 ? -1 : ranked.rows[waitFor]!
  return rows
}

/** Keeps what is still to be drawn while one answer is on its way. */
function drainDraws(
  core: Core,
  run: Run,
  set: EligibleSet,
  asked: { readonly row: number; readonly taken: Promise<boolean> },
): Promise<void> {
  if (run.candidateCount > 0 && run.waitRow < 0) {
    run.candidates = drawn(core, run)
  }
  run.step = TRY
  return asked.taken.then(granted => {
    if (granted) return selected(core, run)
    run.tried = [...run.tried, asked.row]
    if (run.candidateCount === 0) nothing(core, run, set)
    else stopped(core, run)
  })
}

function tryStep(core: Core, run: Run): Pending {
  const rows = run.candidates ?? []
  if (run.at >= rows.length) {
    if (core.profile.tries === 'all') run.step = REST
    else busy(core, run)
    return
  }
  const count = Math.min(core.slots.batchSize ?? DEFAULT_BATCH, rows.length - run.at)
  const from = run.at
  const taken = takeFirst(core, run, rows, from, count, run.by)
  if (isPromise(taken)) return taken.then(granted => tried(core, run, rows, granted))
  return tried(core, run, rows, taken)
}

function tried(core: Core, run: Run, rows: readonly number[], granted: boolean): Pending {
  if (granted) return selected(core, run)
  const asked = rows.slice(run.at, run.at + Math.max(1, run.asked))
  run.at += asked.length
  run.tried = [...run.tried, ...asked]
  stopped(core, run)
}

function restStep(core: Core, run: Run): Pending {
  const rows = nextFree(core, run, run.set!, core.slots.batchSize ?? DEFAULT_BATCH)
  if (rows.length === 0) {
    busy(core, run)
    return
  }
  run.candidates = rows
  run.at = 0
  run.by = 'rank'
  run.step = TRY
}

/** The reference ends a selection at the first acquisition that fails; the others go on behind it. */
function stopped(core: Core, run: Run): boolean {
  if (run.error === undefined) return false
  if (core.profile.tries === 'all') return false
  run.step = DONE
  return true
}

function selected(core: Core, run: Run): Pending {
  run.step = DONE
  run.result = 'selected'
  run.stickyPreviousHit = run.layer === 'previous_response_id'
  if (core.learning !== undefined) run.stickySessionHit = cachedTokensAt(core, run, run.row) > 0
  return bindSession(core, run, run.row) as Pending
}

// Nothing free: where to wait, or why there is no use in it.

function busy(core: Core, run: Run): void {
  const { wait, waits } = core.profile
  run.step = DONE
  // Not one account could be asked: that is the store's failure, not a full house.
  if (run.error !== undefined && !someTriedFull(core, run)) return
  run.error = undefined
  run.result = 'wait'
  const hard = run.domain !== undefined
  const rule = hard ? wait.owner : wait.pool
  const single = run.set!.members.length === 1 ? run.set!.members[0]! : -1
  const row = waits === 'account' && !hard ? run.waitRow : single
  run.waitRow = row
  run.row = row
  run.plan = {
    ...(row < 0 ? {} : { account: core.columns.ids[row]! }),
    maxConcurrency: row < 0 ? 0 : (core.columns.accounts[row]?.concurrency ?? 0),
    maxWaiting: rule.max,
    timeoutMs: rule.timeoutMs,
  }
}

function someTriedFull(core: Core, run: Run): boolean {
  return run.set!.members.some(row => isCandidate(core, run, run.set!, row) && !hasRoom(core.columns, row))
}

function nothing(core: Core, run: Run, set: EligibleSet): void {
  run.step = DONE
  run.reason = reasonFor(core, run, set)
  if (run.reason !== 'cooling_down' && run.reason !== 'owner_unavailable') return
  const delayMs = availableInMs(core, run, set)
  const rule = run.domain === undefined ? core.profile.wait.pool : core.profile.wait.owner
  if ((core.profile.waits === 'pool' || run.domain !== undefined) && delayMs <= rule.timeoutMs) {
    run.reason = undefined
    busy(core, run)
  } else {
    run.retryAfterMs = Number.isFinite(delayMs) ? delayMs : undefined
  }
}

function reasonFor(core: Core, run: Run, set: EligibleSet): Run['reason'] {
  const staying = Array.from(set.members).filter(row => !core.standings.retired(row))
  if (run.domain !== undefined) {
    if (staying.length === 0) return 'owner_gone'
    return 'owner_unavailable'
  }
  if (staying.length > 0) {
    const excluded = run.request.excluded
    const left = staying.filter(row => !excluded?.has(core.columns.ids[row]!))
    if (left.length === 0) return 'all_excluded'
    return left.some(row => core.standings.stateOf(row).state !== 'draining') ? 'cooling_down' : 'no_accounts'
  }
  if (set.members.length > 0) return 'no_accounts'
  if (set.filtered.model > 0) return 'model_unsupported'
  return set.filtered.transport > 0 ? 'transport_unsupported' : 'no_accounts'
}

/** How long until the first account of the set may be tried again. */
function availableInMs(core: Core, run: Run, set: EligibleSet): number {
  let soonest = Number.POSITIVE_INFINITY
  for (const row of set.members) {
    if (run.request.excluded?.has(core.columns.ids[row]!)) continue
    soonest = Math.min(soonest, Math.max(core.standings.availableAtMs(row), modelFreeAtMs(core, run, row)))
  }
  return Math.max(0, soonest - core.clock.monotonicMs())
}

/** When the account may serve the request's model again, monotonic; 0 when it may now. */
function modelFreeAtMs(core: Core, run: Run, row: number): number {
  const account = core.columns.accounts[row]!
  const { model } = run.request
  const resetMs = core.headroom.known ? core.headroom.freeAtMs(account, model, run.tokens) : 0
  const wallMs = core.clock.wallMs()
  if (!core.modelLimits || !isModelLimited(account, model, wallMs)) return resetMs
  return Math.max(resetMs, core.clock.monotonicMs() + account.modelLimitedUntilMs![model]! - wallMs)
}

/** Whether a freed slot of a row may go to a waiting request. */
export function mayUse(core: Core, run: Run, row: number): boolean {
  if (run.waitRow >= 0 && run.waitRow !== row) return false
  const { set } = run
  if (set === undefined) return run.waitRow === row && (core.columns.usable[row]! & REACHABLE) !== 0
  if (isCandidate(core, run, set, row)) return isWorthTaking(core, run, row)
  return isMember(set, row) && core.standings.probes.includes(row) && mayProbe(core, run, row)
}
