import { hasRoom } from '../columns/columns.ts'
import { rankTopK } from '../columns/ranked.ts'
import type { Core } from './core.ts'
import { isCandidate, mayBar } from './eligibility.ts'
import type { EligibleSet } from './eligible-set.ts'
import type { Run } from './run.ts'
import { withCached } from './warm-places.ts'

/** The next eligible rows with room that were not tried yet, in rank order, at most `limit`. */
export function nextFree(core: Core, run: Run, set: EligibleSet, limit: number): number[] {
  const { tried } = run
  const found: number[] = []
  const barring = mayBar(core, run)
  if (set.index !== undefined && !barring && run.domain === undefined) {
    set.index.sync(core.columns)
    set.index.begin(core.scratch)
    while (found.length < limit) {
      const row = set.index.next('free')
      if (row < 0) break
      if (!tried.includes(row)) found.push(row)
    }
    return found
  }
  if (!set.members.some(row => hasRoom(core.columns, row) && isCandidate(core, run, set, row))) return found
  const all = set.members.filter(row => isCandidate(core, run, set, row))
  // Ranked among all candidates, as the top K were: a factor is relative to whom it is compared with.
  const scores = new Float64Array(all.length)
  scoreAll(core, run, all, scores)
  let n = 0
  for (let i = 0; i < all.length; i++) {
    if (!hasRoom(core.columns, all[i]!) || tried.includes(all[i]!)) continue
    all[n] = all[i]!
    scores[n++] = scores[i]!
  }
  rankTopK(core.columns, all, scores, n, limit, core.ranked)
  return Array.from(core.ranked.rows.subarray(0, core.ranked.n))
}

/** Scores rows apart from a record: what is cached of the prompt, and the time, are looked up anew. */
function scoreAll(core: Core, run: Run, rows: Int32Array, scores: Float64Array): void {
  const score = () =>
    core.profile.ranker.rank(run.request, rows, rows.length, core.columns, core.scratch, scores)
  if (core.learning === undefined) score()
  else withCached(core, run, score)
}
