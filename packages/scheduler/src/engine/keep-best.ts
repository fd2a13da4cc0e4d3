import { type Columns, hasRoom } from '../columns/columns.ts'
import { standsBefore } from '../columns/order.ts'
import { rankTopK } from '../columns/ranked.ts'
import { loadSkewByMoments } from '../stats/load-skew.ts'
import type { Core } from './core.ts'
import type { Run } from './run.ts'

/** At most so many candidates are recorded one and all; of larger pools only the top K. */
const CAPTURE_ALL = 64

/** Every candidate with its score. */
interface Scored {
  readonly rows: Int32Array
  readonly scores: Float64Array
}

/** Says how many candidates there are, how many members are none, and how uneven their load is. */
export function countCandidates(
  run: Run,
  of: {
    readonly candidates: number
    readonly members: number
    readonly sum: number
    readonly squares: number
  },
): void {
  run.candidateCount = of.candidates
  run.unavailable = of.members - of.candidates - run.excluded - run.limited
  run.loadSkew = loadSkewByMoments(of.sum, of.squares, of.candidates)
}

/** Takes the top K of the scored candidates and records them, in a small set with all the others. */
export function keepBest(core: Core, run: Run, scored: Scored, members: number): void {
  const { columns, ranked, profile } = core
  const n = run.candidateCount
  // A full account costs less than a free one where it is better, and still cannot serve: it comes into no draw.
  const open = profile.ranker.unit === 'ms' ? roomFirst(columns, scored, n) : n
  const among = open === 0 ? n : open
  run.topK = Math.min(profile.picker.topK, among)
  rankTopK(columns, scored.rows, scored.scores, among, profile.picker.topK, ranked)
  const all = members <= CAPTURE_ALL && n > ranked.n
  openRecord(core, run, all ? appendRest(core, scored, among, n) : ranked.n)
}

/** Puts candidates with room before those without, and answers how many there are. */
function roomFirst(columns: Columns, { rows, scores }: Scored, n: number): number {
  let open = 0
  for (let i = 0; i < n; i++) {
    const row = rows[i]!
    if (!hasRoom(columns, row)) continue
    const score = scores[i]!
    rows[i] = rows[open]!
    scores[i] = scores[open]!
    rows[open] = row
    scores[open++] = score
  }
  return open
}

/** Puts the candidates beyond the top K, which are of the first `among`, behind it, in no order; answers how many all are. */
function appendRest({ ranked, columns }: Core, { rows, scores }: Scored, among: number, n: number): number {
  const last = ranked.n - 1
  const lastRow = ranked.rows[last]!
  const lastScore = ranked.scores[last]!
  let at = ranked.n
  for (let i = 0; i < n; i++) {
    if (i < among && !standsBefore(columns, lastRow, lastScore, rows[i]!, scores[i]!)) continue
    ranked.rows[at] = rows[i]!
    ranked.scores[at++] = scores[i]!
  }
  return at
}

/** Opens the run's record with the facts of the first `rows` of `core.ranked`. */
export function openRecord(core: Core, run: Run, rows: number): void {
  const { ring, ranked, profile, columns, scratch } = core
  // Picking all of a large pool (load-aware) is recorded as far as a bounded record goes.
  const shown = Math.min(rows, CAPTURE_ALL)
  run.decisionId = ring.open(run.request, shown, core.wallTime(run.startedMs))
  const place = ring.writeFacts(run.decisionId, ranked, shown, scratch.bounds)
  profile.ranker.record?.(run.request, ranked.rows, shown, columns, scratch, ring.data, place)
}
