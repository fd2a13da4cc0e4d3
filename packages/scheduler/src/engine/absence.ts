import { SchedulerError } from '../errors.ts'
import type { NoneReason } from '../model/selection.ts'
import type { Core } from './core.ts'
import { storeFailed } from './owners.ts'
import type { Run } from './run.ts'

const MESSAGES: Record<NoneReason, string> = {
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

/** Why a selection that found neither a slot nor a place to wait did not. */
export function absenceError({ ring }: Core, run: Run): SchedulerError {
  const decision = ring.read(run.decisionId)
  if (run.error instanceof SchedulerError) return run.error
  if (run.error !== undefined) {
    const { message, cause } = storeFailed('Taking a slot', run.error)
    return new SchedulerError('store_failed', message, { cause, decision })
  }
  const reason = run.reason!
  return new SchedulerError(reason, MESSAGES[reason], { retryAfterMs: run.retryAfterMs, decision })
}
