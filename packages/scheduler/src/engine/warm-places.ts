import { cachedAt } from '../learning/warmth.ts'
import type { Core } from './core.ts'
import type { Run } from './run.ts'

/** What is guessed to be cached where only a binding is known: most of the prompt, as of a conversation's next turn. */
const BOUND_SHARE = 0.8

/** Looks up where the run's session is warm; once a selection. */
export function findWarm(core: Core, run: Run): void {
  if (core.learning === undefined) return
  run.usualTokens = core.learning.usualTokens
  if (run.sessionKey === undefined) return
  run.warm = core.learning.warmth.places(run.sessionKey, run.startedMs)
}

/** Tokens of the run's prompt that a row holds already. */
export function cachedTokensAt({ columns }: Core, run: Run, row: number): number {
  const { warm, hintRow, inputTokens } = run
  if (warm.length > 0) return cachedAt(warm, row, columns.ids, inputTokens)
  // Rows are used again: a waiting request may outlive the account that its session was bound to.
  return row === hintRow && columns.ids[row] === run.sessionTarget ? BOUND_SHARE * inputTokens : 0
}

/** Lends the ranker the run's cached tokens while `use` runs. */
export function withCached<T>(core: Core, run: Run, use: () => T): T {
  const { columns, scratch } = core
  if (scratch.cachedTokens.length < columns.order.length) {
    scratch.cachedTokens = new Float64Array(columns.order.length)
  }
  const { cachedTokens } = scratch
  const { warm, hintRow } = run
  scratch.inputTokens = run.inputTokens
  for (const { row } of warm) cachedTokens[row] = cachedTokensAt(core, run, row)
  if (hintRow >= 0 && warm.length === 0) cachedTokens[hintRow] = cachedTokensAt(core, run, hintRow)
  scratch.isWarm = warm.length > 0 || hintRow >= 0
  scratch.nowMs = core.clock.monotonicMs()
  scratch.limitShare = core.headroom.known
    ? row => core.headroom.shareLeft(core.columns.accounts[row]!, run.request.model)
    : WHOLE
  try {
    return use()
  } finally {
    for (const { row } of warm) cachedTokens[row] = 0
    if (hintRow >= 0) cachedTokens[hintRow] = 0
  }
}

const WHOLE = () => 1
