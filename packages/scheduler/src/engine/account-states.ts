import type { AccountState } from '../scheduler.ts'
import type { Core } from './core.ts'

/** Every account as the scheduler sees it now. */
export function accountStates(core: Core): AccountState[] {
  const { columns, standings, clock } = core
  const nowMs = clock.monotonicMs()
  standings.tick(nowMs)
  const states: AccountState[] = []
  for (let row = 0; row < columns.size; row++)
    if (columns.accounts[row] !== undefined) states.push(stateOf(core, row, nowMs))
  return states
}

/** One account as the scheduler sees it at an instant up to which time has done its work. */
export function stateOf({ columns, standings }: Core, row: number, nowMs: number): AccountState {
  const ttftMs = columns.ttftMs[row]!
  return {
    account: columns.ids[row]!,
    inUse: columns.inUse[row]!,
    limit: columns.limit[row]!,
    waiting: columns.waiting[row]!,
    loadRate: columns.loadRate[row]!,
    errorRate: columns.errorRate[row]!,
    ttftMs: Number.isNaN(ttftMs) ? undefined : ttftMs,
    ...standings.stateOf(row),
    override: standings.override(row),
    availableInMs: Math.max(0, standings.availableAtMs(row) - nowMs),
  }
}
