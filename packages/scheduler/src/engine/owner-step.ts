import { SchedulerError } from '../errors.ts'
import type { Core } from './core.ts'
import { guarded, isPromise, type Pending } from './maybe-promise.ts'
import { type OwnerLookup, resolveOwners, storeFailed } from './owners.ts'
import { AFFINITY, DONE, type Run } from './run.ts'

/** Hard keys: one state domain, or no account at all. */
export function ownerStep(core: Core, run: Run): Pending {
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
