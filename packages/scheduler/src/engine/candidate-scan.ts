import { OPEN, REACHABLE } from '../columns/columns.ts'
import type { Core } from './core.ts'
import { isExcluded, isLimited } from './eligibility.ts'
import type { EligibleSet } from './eligible-set.ts'
import { countCandidates, keepBest } from './keep-best.ts'
import type { Run } from './run.ts'

/** Ranks every member of a set that may serve the request. */
export function rankByScan(core: Core, run: Run, set: EligibleSet, barring: boolean): void {
  const { members } = set
  makeRoom(core, members.length)
  core.indices.set(members)
  run.excluded = 0
  run.limited = 0
  const n = keepOpen(core, run, 0, members.length, barring)
  rankKept(core, run, n, members.length)
}

/** Of the rows from `from` to `to`, keeps those that may serve the request, counts the others, and answers the new end. */
export function keepOpen(core: Core, run: Run, from: number, to: number, barring: boolean): number {
  const { indices } = core
  const { usable } = core.columns
  const bit = run.domain === undefined ? OPEN : REACHABLE
  let n = from
  for (let i = from; i < to; i++) {
    const row = indices[i]!
    if ((usable[row]! & bit) === 0) continue
    if (barring && isExcluded(core, run, row)) run.excluded++
    else if (barring && isLimited(core, run, row)) run.limited++
    else indices[n++] = row
  }
  return n
}

/** Scores the first `n` of `core.indices`, `members` having been looked at for them. */
export function rankKept(core: Core, run: Run, n: number, members: number): void {
  const { columns, indices, scores } = core
  const { loadRate } = columns
  let sum = 0
  let squares = 0
  for (let i = 0; i < n; i++) {
    const load = loadRate[indices[i]!]!
    sum += load
    squares += load * load
  }
  countCandidates(run, { candidates: n, members, sum, squares })
  core.profile.ranker.rank(run.request, indices, n, columns, core.scratch, scores)
  keepBest(core, run, { rows: indices, scores }, members)
}

/** Makes room for that many candidates. */
export function makeRoom(core: Core, members: number): void {
  if (core.indices.length >= members) return
  core.indices = new Int32Array(core.columns.order.length)
  core.scores = new Float64Array(core.columns.order.length)
}
