import { OPEN, REACHABLE } from '../columns/columns.ts'
import { isModelLimited } from '../model/held.ts'
import type { Core } from './core.ts'
import { type EligibleSet, isMember } from './eligible-set.ts'
import type { Run } from './run.ts'

/**
 * True when a row may serve this request now, slots aside: a member of its set, open to it, not failed on
 * already, not rate limited for its model.
 */
export function isCandidate(core: Core, run: Run, set: EligibleSet, row: number): boolean {
  const { columns } = core
  const bit = run.domain === undefined ? OPEN : REACHABLE
  return isMember(set, row) && (columns.usable[row]! & bit) !== 0 && !isBarred(core, run, row)
}

/** True when this request itself cannot go there: it failed there before, or does not fit into its limits. */
function isBarred(core: Core, run: Run, row: number): boolean {
  return isExcluded(core, run, row) || isLimited(core, run, row)
}

/** True when this request has failed there before. */
export function isExcluded(core: Core, run: Run, row: number): boolean {
  const { excluded } = run.request
  return excluded !== undefined && excluded.size > 0 && excluded.has(core.columns.ids[row]!)
}

/** True when the account is rate limited for the model, or has too little left for this request. */
export function isLimited(core: Core, run: Run, row: number): boolean {
  const { modelLimits, headroom, refusals } = core
  if (!modelLimits && !headroom.known && !refusals.known) return false
  const account = core.columns.accounts[row]!
  const { model } = run.request
  if (modelLimits && isModelLimited(account, model, core.clock.wallMs())) return true
  if (refusals.known && refusals.freeAtMs(account, model) > 0) return true
  return headroom.known && !headroom.covers(account, model, run.tokens)
}

/** False when surely no candidate is barred to this request: most selections, and all that index and cache may serve. */
export function mayBar(core: Core, run: Run): boolean {
  return (
    core.modelLimits ||
    core.refusals.known ||
    (run.request.excluded?.size ?? 0) > 0 ||
    core.headroom.mayBar(run.tokens)
  )
}
