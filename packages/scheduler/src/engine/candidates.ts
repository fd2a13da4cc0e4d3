import { hasRoom, OPEN, REACHABLE } from '../columns/columns.ts'
import { standsBefore } from '../columns/order.ts'
import { rankTopK, resetRanked } from '../columns/ranked.ts'
import { isModelLimited } from '../filters/standing.ts'
import type { RankCache, RankIndex } from '../rankers/ranker.ts'
import type { Sampler } from '../samplers/sampler.ts'
import { loadSkewByMoments } from '../stats/load-skew.ts'
import type { Core } from './core.ts'
import { type EligibleSet, isMember } from './eligible-set.ts'
import type { Run } from './run.ts'
import { withCached } from './warm-places.ts'

/** At most so many candidates are recorded one and all; of larger pools only the top K. */
const CAPTURE_ALL = 64

/**
 * True when a row may serve this request now, slots aside: a member of its set, open to it, not failed on
 * already, not rate limited for its model.
 */
export function isCandidate(core: Core, run: Run, set: EligibleSet, row: number): boolean {
  const { columns } = core
  const bit = run.domain === undefined ? OPEN : REACHABLE
  return isMember(set, row) && (columns.usable[row]! & bit) !== 0 && !isBarred(core, run, row)
}

/** True when this request itself cannot go there: it failed there before, or does not fit into its limits. */
export function isBarred(core: Core, run: Run, row: number): boolean {
  return isExcluded(core, run, row) || isLimited(core, run, row)
}

/** True when this request has failed there before. */
export function isExcluded(core: Core, run: Run, row: number): boolean {
  const { excluded } = run.request
  return excluded !== undefined && excluded.size > 0 && excluded.has(core.columns.ids[row]!)
}

/** True when the account is rate limited for the model, or has too little left for this request. */
export function isLimited(core: Core, run: Run, row: number): boolean {
  const { modelLimits, headroom } = core
  if (!modelLimits && !headroom.known) return false
  const account = core.columns.accounts[row]!
  const { model } = run.request
  if (modelLimits && isModelLimited(account, model, core.clock.wallMs())) return true
  return headroom.known && !headroom.covers(account, model, run.tokens)
}

/** False when surely no candidate is barred to this request: most selections, and all that index and cache may serve. */
function mayBar(core: Core, run: Run): boolean {
  return core.modelLimits || (run.request.excluded?.size ?? 0) > 0 || core.headroom.mayBar(run.tokens)
}

/** Ranks the candidates into `core.ranked`, counts them, and opens the record with their facts. */
export function rankCandidates(core: Core, run: Run, set: EligibleSet): void {
  if (core.learning === undefined) rank(core, run, set)
  else withCached(core, run, () => rank(core, run, set))
}

function rank(core: Core, run: Run, set: EligibleSet): void {
  const barring = mayBar(core, run)
  const { sampler } = core.profile
  if (sampler !== undefined && run.domain === undefined && set.members.length > sampler.wholeBelow) {
    rankSample(core, run, set, sampler)
    return
  }
  // Index and cache know a set as a whole: a request with exceptions of its own is ranked by itself.
  if (barring || run.domain !== undefined) rankByScan(core, run, set, barring)
  else if (set.index !== undefined) rankByIndex(core, run, set.index, set.members.length)
  else if (set.cache !== undefined) rankByCache(core, run, set.cache, set.members.length)
  else rankByScan(core, run, set, barring)
}

function rankByScan(core: Core, run: Run, set: EligibleSet, barring: boolean): void {
  const { columns } = core
  const { members } = set
  makeRoom(core, members.length)
  const { indices, scores } = core
  const { usable, loadRate } = columns
  const bit = run.domain === undefined ? OPEN : REACHABLE
  let n = 0
  let excluded = 0
  let limited = 0
  let sum = 0
  let squares = 0
  for (let i = 0; i < members.length; i++) {
    const row = members[i]!
    if ((usable[row]! & bit) === 0) continue
    if (barring) {
      if (isExcluded(core, run, row)) {
        excluded++
        continue
      }
      if (isLimited(core, run, row)) {
        limited++
        continue
      }
    }
    indices[n++] = row
    const load = loadRate[row]!
    sum += load
    squares += load * load
  }
  run.excluded = excluded
  run.limited = limited
  count(run, { candidates: n, members: members.length, sum, squares })
  core.profile.ranker.rank(run.request, indices, n, columns, core.scratch, scores)
  keepBest(core, run, { rows: indices, scores }, members.length)
}

/** Compares some of a large set: those where the session is warm, and those the sampler draws. */
function rankSample(core: Core, run: Run, set: EligibleSet, sampler: Sampler): void {
  const { columns, scratch, random, seed, selectionRandom } = core
  makeRoom(core, set.members.length)
  const { indices, scores } = core
  random.next64(seed)
  seedRun(core, run)
  let n = 0
  for (const { row } of run.warm) if (isCandidate(core, run, set, row)) indices[n++] = row
  if (run.warm.length === 0 && run.hintRow >= 0 && isCandidate(core, run, set, run.hintRow))
    indices[n++] = run.hintRow
  const drawn = sampler.sample(set.members, columns, OPEN, selectionRandom, indices, n)
  let sum = 0
  let squares = 0
  let kept = n
  for (let i = n; i < drawn; i++) if (!isBarred(core, run, indices[i]!)) indices[kept++] = indices[i]!
  for (let i = 0; i < kept; i++) {
    const load = columns.loadRate[indices[i]!]!
    sum += load
    squares += load * load
  }
  run.excluded = drawn - kept
  count(run, { candidates: kept, members: drawn, sum, squares })
  core.profile.ranker.rank(run.request, indices, kept, columns, scratch, scores)
  keepBest(core, run, { rows: indices, scores }, kept)
}

/** Starts the selection's own chance from the seed in hand, and has it recorded. */
export function seedRun({ seed, selectionRandom }: Core, run: Run): void {
  run.seeded = true
  run.seedLow = seed[0]!
  run.seedHigh = seed[1]!
  selectionRandom.seed(run.seedLow, run.seedHigh)
}

function rankByCache(core: Core, run: Run, cache: RankCache, members: number): void {
  cache.rank(core.columns, core.scratch)
  const { rows, scores, loadSum, loadSquares } = cache
  count(run, { candidates: rows.length, members, sum: loadSum, squares: loadSquares })
  keepBest(core, run, { rows, scores }, members)
}

function count(
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

/** Makes room for that many candidates. */
function makeRoom(core: Core, members: number): void {
  if (core.indices.length >= members) return
  core.indices = new Int32Array(core.columns.order.length)
  core.scores = new Float64Array(core.columns.order.length)
}

/** Every candidate with its score. */
interface Scored {
  readonly rows: Int32Array
  readonly scores: Float64Array
}

/** Takes the top K of the scored candidates and records them, in a small set with all the others. */
function keepBest(core: Core, run: Run, scored: Scored, members: number): void {
  const { columns, ranked, profile } = core
  const n = run.candidateCount
  run.topK = Math.min(profile.picker.topK, n)
  rankTopK(columns, scored.rows, scored.scores, n, profile.picker.topK, ranked)
  const all = members <= CAPTURE_ALL && n > ranked.n
  openRecord(core, run, all ? appendRest(core, scored, n) : ranked.n)
}

function rankByIndex(core: Core, run: Run, index: RankIndex, members: number): void {
  const { ranked, scratch, profile } = core
  index.sync(core.columns)
  count(run, { candidates: index.count, members, sum: index.loadSum, squares: index.loadSquares })
  run.topK = Math.min(profile.picker.topK, index.count)
  index.begin(scratch)
  resetRanked(ranked, run.topK)
  for (let place = 0; place < run.topK; place++) {
    ranked.rows[place] = index.next('any')
    ranked.scores[place] = index.score
  }
  ranked.n = run.topK
  openRecord(core, run, ranked.n)
}

/** Puts the candidates beyond the top K behind it, in no order, and answers how many there are in all. */
function appendRest({ ranked, columns }: Core, { rows, scores }: Scored, n: number): number {
  const last = ranked.n - 1
  const lastRow = ranked.rows[last]!
  const lastScore = ranked.scores[last]!
  let at = ranked.n
  for (let i = 0; i < n; i++) {
    if (!standsBefore(columns, lastRow, lastScore, rows[i]!, scores[i]!)) continue
    ranked.rows[at] = rows[i]!
    ranked.scores[at++] = scores[i]!
  }
  return at
}

function openRecord(core: Core, run: Run, rows: number): void {
  const { ring, ranked, profile, columns, scratch } = core
  // Picking all of a large pool (load-aware) is recorded as far as a bounded record goes.
  const shown = Math.min(rows, CAPTURE_ALL)
  run.decisionId = ring.open(run.request, shown, core.wallTime(run.startedMs))
  const place = ring.writeFacts(run.decisionId, ranked, shown, scratch.bounds)
  profile.ranker.record?.(run.request, ranked.rows, shown, columns, scratch, ring.data, place)
}

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
  // Ranked among all candidates, as the top K were: a factor is relative to whom it is compared with.
  const all = Int32Array.from(set.members).filter(row => isCandidate(core, run, set, row))
  const scores = new Float64Array(all.length)
  core.profile.ranker.rank(run.request, all, all.length, core.columns, core.scratch, scores)
  let n = 0
  for (let i = 0; i < all.length; i++) {
    if (!hasRoom(core.columns, all[i]!) || tried.includes(all[i]!)) continue
    all[n] = all[i]!
    scores[n++] = scores[i]!
  }
  rankTopK(core.columns, all, scores, n, limit, core.ranked)
  return Array.from(core.ranked.rows.subarray(0, core.ranked.n))
}
