import { hasRoom } from '../columns/columns.ts'
import type { Core } from './core.ts'
import { isCandidate } from './eligibility.ts'
import type { Pending } from './maybe-promise.ts'
import { DONE, type Run } from './run.ts'
import { bindSession } from './session-binding.ts'
import { cachedTokensAt } from './warm-places.ts'

/** Ends a selection with the slot that was granted, and points the session there. */
export function selected(core: Core, run: Run): Pending {
  run.step = DONE
  run.result = 'selected'
  run.stickyPreviousHit = run.layer === 'previous_response_id'
  if (core.learning !== undefined) run.stickySessionHit = cachedTokensAt(core, run, run.row) > 0
  return bindSession(core, run, run.row) as Pending
}

/** Ends it with a place to wait: there are candidates, and none has a slot for this request. */
export function busy(core: Core, run: Run): void {
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

/** The reference ends a selection at the first acquisition that fails; the others go on behind it. */
export function stopped(core: Core, run: Run): boolean {
  if (run.error === undefined) return false
  if (core.profile.tries === 'all') return false
  run.step = DONE
  return true
}
