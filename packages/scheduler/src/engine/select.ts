import type { ScheduleRequest } from '../model/request.ts'
import type { MaybePromise } from '../ports.ts'
import type { CancelSignal } from '../scheduler.ts'
import { affinityStep, noteBound } from './affinity-step.ts'
import { balanceStep } from './balance-step.ts'
import type { Core } from './core.ts'
import { isPromise, type Pending } from './maybe-promise.ts'
import { ownerStep } from './owner-step.ts'
import { checkRequest } from './request-check.ts'
import { DONE, Run } from './run.ts'
import { restStep, tryStep } from './try-step.ts'

/**
 * The layers in order; what comes next is said by `run.step`:
 *
 *   owner -> affinity rules -> balance (rank, draw, take) -> try what is left of the draw -> look for the rest
 *
 * Each ends the selection with a slot, a place to wait or a reason, or passes it on.
 */
const STEPS: readonly ((core: Core, run: Run) => Pending)[] = [
  ownerStep,
  affinityStep,
  balanceStep,
  tryStep,
  restStep,
]

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
  core.refusals.tick(startedMs)
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
