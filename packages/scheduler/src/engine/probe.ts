import { hasRoom } from '../columns/columns.ts'
import type { Core } from './core.ts'
import { isExcluded, isLimited } from './eligibility.ts'
import { type EligibleSet, isMember } from './eligible-set.ts'
import type { Run } from './run.ts'

/** A half-open account's one probe goes to the next request that can use it: rank alone would never send one. */
export function probeFor(core: Core, run: Run, set: EligibleSet): number {
  for (const row of core.standings.probes) {
    if (isMember(set, row) && mayProbe(core, run, row) && hasRoom(core.columns, row)) return row
  }
  return -1
}

/** True when the request itself may be the probe of a row, slots aside. */
export function mayProbe(core: Core, run: Run, row: number): boolean {
  return core.columns.claimed[row] === 0 && !isExcluded(core, run, row) && !isLimited(core, run, row)
}

/** While the store is asked for a probe's slot, nobody else is sent there. */
export function probing(core: Core, row: number, taken: Promise<boolean>): Promise<boolean> {
  const { claimed } = core.columns
  claimed[row] = claimed[row]! + 1
  return taken.finally(() => {
    core.columns.claimed[row] = core.columns.claimed[row]! - 1
  })
}
