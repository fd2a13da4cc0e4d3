import type { SchedulerError } from '../errors.ts'
import type { Core } from './core.ts'
import { isExcluded } from './eligibility.ts'
import type { Run } from './run.ts'
import { turnAway } from './turn-away.ts'

/** Looks up anew where a request may go; only a reference-like plan keeps to the account it names. */
export function retarget(core: Core, run: Run): void {
  if (run.set === undefined) return
  run.set = core.sets.find(run.request.model, run.request.transport ?? '', run.domain)
  const { members } = run.set
  if (core.profile.waits === 'pool' || run.domain !== undefined)
    run.waitRow = members.length === 1 ? members[0]! : -1
}

/** The rows it waits for. */
export function rowsOf(run: Run): Iterable<number> {
  return run.waitRow >= 0 ? [run.waitRow] : run.set!.members
}

/** False when no passing of time can bring a slot: everything it could use is gone or switched off. */
export function mayHope(core: Core, run: Run): boolean {
  const { columns, standings } = core
  const isHope = (row: number) =>
    columns.accounts[row] !== undefined &&
    !standings.retired(row) &&
    (run.domain !== undefined || run.set === undefined || !standings.draining(row)) &&
    !isExcluded(core, run, row)
  return run.waitRow >= 0 ? isHope(run.waitRow) : run.set!.members.some(isHope)
}

/** What it hears then. */
export function gone(core: Core, run: Run): SchedulerError {
  const code = run.domain === undefined ? 'no_accounts' : 'owner_gone'
  const message = 'The accounts this request waited for are gone or switched off.'
  return turnAway(core, run, { code, message })
}
