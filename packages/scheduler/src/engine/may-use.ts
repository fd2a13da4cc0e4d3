import { REACHABLE } from '../columns/columns.ts'
import type { Core } from './core.ts'
import { isCandidate } from './eligibility.ts'
import { isMember } from './eligible-set.ts'
import { isWorthTaking } from './patience.ts'
import { mayProbe } from './probe.ts'
import type { Run } from './run.ts'

/** Whether a freed slot of a row may go to a waiting request. */
export function mayUse(core: Core, run: Run, row: number): boolean {
  if (run.waitRow >= 0 && run.waitRow !== row) return false
  const { set } = run
  if (set === undefined) return run.waitRow === row && (core.columns.usable[row]! & REACHABLE) !== 0
  if (isCandidate(core, run, set, row)) return isWorthTaking(core, run, row)
  return isMember(set, row) && core.standings.probes.includes(row) && mayProbe(core, run, row)
}
