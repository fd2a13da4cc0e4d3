import { isModelLimited } from '../model/held.ts'
import { busy } from './conclude.ts'
import type { Core } from './core.ts'
import { isExcluded } from './eligibility.ts'
import type { EligibleSet } from './eligible-set.ts'
import { DONE, type Run } from './run.ts'

/** Ends a selection that no account may serve now: it waits where one comes back in time, and is told why where none does. */
export function nothing(core: Core, run: Run, set: EligibleSet): void {
  run.step = DONE
  run.reason = reasonFor(core, run, set)
  if (run.reason !== 'cooling_down' && run.reason !== 'owner_unavailable') return
  const { waits, wait } = core.profile
  const rule = run.domain === undefined ? wait.pool : wait.owner
  const mayWait = waits === 'pool' || run.domain !== undefined
  if (mayWait && availableInMs(core, set, row => isHope(core, run, row), run) <= rule.timeoutMs) {
    run.reason = undefined
    busy(core, run)
    return
  }
  const delayMs = availableInMs(core, set, row => !isExcluded(core, run, row), run)
  run.retryAfterMs = Number.isFinite(delayMs) ? delayMs : undefined
}

/**
 * Whether a request may wait for an account that is out. One that has failed already does not wait for the probe of an
 * ejected one: it would pass half a minute to learn, most often, what it knows; its client may come back sooner.
 */
function isHope(core: Core, run: Run, row: number): boolean {
  if (isExcluded(core, run, row)) return false
  const isUnsure = ['ejected', 'probing'].includes(core.standings.stateOf(row).state)
  return !isUnsure || (run.request.excluded?.size ?? 0) === 0
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

/** How long until the first of a set's accounts may be tried again, among those that count. */
function availableInMs(core: Core, set: EligibleSet, counts: (row: number) => boolean, run: Run): number {
  let soonest = Number.POSITIVE_INFINITY
  for (const row of set.members) {
    if (!counts(row)) continue
    soonest = Math.min(soonest, Math.max(core.standings.availableAtMs(row), modelFreeAtMs(core, run, row)))
  }
  return Math.max(0, soonest - core.clock.monotonicMs())
}

/** When the account may serve the request's model again, monotonic; 0 when it may now. */
function modelFreeAtMs(core: Core, run: Run, row: number): number {
  const account = core.columns.accounts[row]!
  const { model } = run.request
  const { headroom, refusals } = core
  const resetMs = Math.max(
    headroom.known ? headroom.freeAtMs(account, model, run.tokens) : 0,
    refusals.known ? refusals.freeAtMs(account, model) : 0,
  )
  const wallMs = core.clock.wallMs()
  if (!core.modelLimits || !isModelLimited(account, model, wallMs)) return resetMs
  return Math.max(resetMs, core.clock.monotonicMs() + account.modelLimitedUntilMs![model]! - wallMs)
}
