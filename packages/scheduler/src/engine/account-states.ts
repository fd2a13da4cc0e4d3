import { slownessOf } from '../learning/slowness.ts'
import type { AccountState } from '../model/account-state.ts'
import type { ModelLimits } from '../model/limits.ts'
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
export function stateOf({ columns, standings, learning }: Core, row: number, nowMs: number): AccountState {
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
    slowness: learning && Math.exp(slownessOf(learning, row, nowMs)),
    availableInMs: Math.max(0, standings.availableAtMs(row) - nowMs),
  }
}

/** What is known of an account's rate limits, by upstream model; none for an account that is none. */
export function knownLimits(core: Core, accountId: string): ModelLimits[] {
  const { roster, columns, headroom, refusals, clock } = core
  const account = columns.accounts[roster.rowOf(accountId)]
  if (account === undefined) return []
  const nowMs = clock.monotonicMs()
  headroom.tick(nowMs)
  refusals.tick(nowMs)
  const known = headroom.of(account, nowMs)
  const refused = new Map(refusals.of(account).map(({ model, untilMs }) => [model, untilMs - nowMs]))
  const unmeasured = [...refused.keys()].filter(model => !known.some(limits => limits.model === model))
  return [...known, ...unmeasured.map(model => ({ model, requests: undefined, tokens: undefined }))].map(
    limits => {
      const refusedForMs = refused.get(limits.model)
      return refusedForMs === undefined ? limits : { ...limits, refusedForMs }
    },
  )
}
