import type { BindingScope } from '../affinity/binding-key.ts'
import { stateDomain } from '../filters/domain.ts'
import type { Located } from '../scheduler.ts'
import type { Core } from './core.ts'
import { type OwnerLookup, resolveOwners, storeFailed } from './owners.ts'

/** Finds an account that can answer for ids now, of the state domain that holds them all; see `Scheduler.locate`. */
export async function locate(
  core: Core,
  scope: BindingScope,
  owners: readonly string[] = [],
): Promise<Located> {
  if (owners.length === 0) return { kind: 'none', reason: 'owner_unknown' }
  let found: OwnerLookup
  try {
    found = await resolveOwners(core, scope, owners)
  } catch (error) {
    throw storeFailed('Looking up the owner', error)
  }
  return found.kind === 'none' ? found : reachable(core, found.domain)
}

function reachable({ columns, standings, clock }: Core, domain: string): Located {
  standings.tick(clock.monotonicMs())
  let soonest = Number.POSITIVE_INFINITY
  for (let row = 0; row < columns.size; row++) {
    const account = columns.accounts[row]
    if (account === undefined || stateDomain(account) !== domain) continue
    if (columns.usable[row] !== 0) return { kind: 'located', account: account.id, domain }
    soonest = Math.min(soonest, standings.availableAtMs(row))
  }
  if (soonest === Number.POSITIVE_INFINITY) return { kind: 'none', reason: 'owner_gone' }
  return {
    kind: 'none',
    reason: 'owner_unavailable',
    retryAfterMs: Math.max(0, soonest - clock.monotonicMs()),
  }
}
