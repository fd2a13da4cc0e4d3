import { noteBound } from './affinity-step.ts'
import { rankCandidates } from './candidates.ts'
import { busy, selected, stopped } from './conclude.ts'
import type { Core } from './core.ts'
import { beginDraw, drawn, skips } from './draw.ts'
import type { EligibleSet } from './eligible-set.ts'
import { isPromise, type Pending } from './maybe-promise.ts'
import { nothing } from './no-candidate.ts'
import { mayWaitForBetter } from './patience.ts'
import { probeFor, probing } from './probe.ts'
import { REST, type Run, TRY } from './run.ts'
import { takeRow } from './take-slot.ts'
import { findWarm } from './warm-places.ts'

/** Balancing: rank who may serve, send a probe where one is due, draw, and take the first free slot. */
export function balanceStep(core: Core, run: Run): Pending {
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
