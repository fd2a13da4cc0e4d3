import { type Columns, hasRoom, OPEN, REACHABLE } from '../columns/columns.ts'
import { standsBefore } from '../columns/order.ts'
import { rankTopK, resetRanked } from '../columns/ranked.ts'
import type { RankCache, RankIndex } from '../rankers/ranker.ts'
import type { Sampler } from '../samplers/sampler.ts'
import { loadSkewByMoments } from '../stats/load-skew.ts'
import type { Core } from './core.ts'
import { isCandidate, isExcluded, isLimited, mayBar } from './eligibility.ts'
import type { EligibleSet } from './eligible-set.ts'
import type { Run } from './run.ts'
import { withCached } from './warm-places.ts'

/** At most so many candidates are recorded one and all; of larger pools only the top K. */
const CAPTURE_ALL = 64

/** Of a sampled set with tiers: how many of the next tier, and of a full one, are compared beside the one that serves. */
const SPILL = 3

/** Ranks the candidates into `core.ranked`, counts them, and opens the record with their facts. */
export function rankCandidates(core: Core, run: Run, set: EligibleSet): void {
  if (core.learning === undefined) rank(core, run, set)
  else withCached(core, run, () => rank(core, run, set))
}

function rank(core: Core, run: Run, set: EligibleSet): void {
  const barring = mayBar(core, run)
  const { sampler } = core.profile
  if (sampler !== undefined && run.domain === undefined && set.members.length > sampler.wholeBelow) {
    if (rankSample(core, run, set, sampler, barring)) return
  }
  // Index and cache know a set as a whole: a request with exceptions of its own is ranked by itself.
  if (barring || run.domain !== undefined) rankByScan(core, run, set, barring)
  else if (set.index !== undefined) rankByIndex(core, run, set.index, set.members.length)
  else if (set.cache !== undefined) rankByCache(core, run, set.cache, set.members.length)
  else rankByScan(core, run, set, barring)
}

function rankByScan(core: Core, run: Run, set: EligibleSet, barring: boolean): void {
  const { members } = set
  makeRoom(core, members.length)
  core.indices.set(members)
  run.excluded = 0
  run.limited = 0
  const n = keepOpen(core, run, 0, members.length, barring)
  rankKept(core, run, n, members.length)
}

/**
 * Compares some of a large set: those where the session is warm, and those the sampler draws, tier by tier until one has
 * room, and a few of the tier behind it. False when that finds nobody with room although there may be one.
 */
function rankSample(core: Core, run: Run, set: EligibleSet, sampler: Sampler, barring: boolean): boolean {
  const { columns, random, seed, selectionRandom } = core
  makeRoom(core, set.members.length)
  random.next64(seed)
  seedRun(core, run)
  let n = warmCandidates(core, run, set)
  let isFound = false
  for (const tier of set.tiers) {
    const want = isFound ? SPILL : sampler.d
    const drawn = sampler.sample(tier, want, columns, selectionRandom, core.indices, n)
    const kept = barring ? keepOpen(core, run, n, drawn, true) : drawn
    if (isFound && kept > n) {
      n = kept
      break
    }
    isFound ||= anyRoom(core, n, kept)
    // Of a better tier that is full, a few show what waiting for it would be worth.
    n = isFound || set.tiers.length === 1 ? kept : Math.min(kept, n + SPILL)
  }
  // Drawn without an eye for what bars this request: all that were drawn may be barred, and others not.
  if (n === 0 || (barring && !anyRoom(core, 0, n))) return false
  rankKept(core, run, n, n + run.excluded + run.limited)
  return true
}

/** Puts the candidates that the request's session points at first, and answers how many. */
function warmCandidates(core: Core, run: Run, set: EligibleSet): number {
  let n = 0
  for (const { row } of run.warm) if (isCandidate(core, run, set, row)) core.indices[n++] = row
  const { hintRow } = run
  if (run.warm.length === 0 && hintRow >= 0 && isCandidate(core, run, set, hintRow))
    core.indices[n++] = hintRow
  return n
}

/** Of the rows from `from` to `to`, keeps those that may serve the request, counts the others, and answers the new end. */
function keepOpen(core: Core, run: Run, from: number, to: number, barring: boolean): number {
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

function anyRoom({ indices, columns }: Core, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (hasRoom(columns, indices[i]!)) return true
  return false
}

/** Scores the first `n` of `core.indices`, `members` having been looked at for them. */
function rankKept(core: Core, run: Run, n: number, members: number): void {
  const { columns, indices, scores } = core
  const { loadRate } = columns
  let sum = 0
  let squares = 0
  for (let i = 0; i < n; i++) {
    const load = loadRate[indices[i]!]!
    sum += load
    squares += load * load
  }
  count(run, { candidates: n, members, sum, squares })
  core.profile.ranker.rank(run.request, indices, n, columns, core.scratch, scores)
  keepBest(core, run, { rows: indices, scores }, members)
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

function openRecord(core: Core, run: Run, rows: number): void {
  const { ring, ranked, profile, columns, scratch } = core
  // Picking all of a large pool (load-aware) is recorded as far as a bounded record goes.
  const shown = Math.min(rows, CAPTURE_ALL)
  run.decisionId = ring.open(run.request, shown, core.wallTime(run.startedMs))
  const place = ring.writeFacts(run.decisionId, ranked, shown, scratch.bounds)
  profile.ranker.record?.(run.request, ranked.rows, shown, columns, scratch, ring.data, place)
}

/** Scores rows apart from a record: what is cached of the prompt, and the time, are looked up anew. */
function scoreAll(core: Core, run: Run, rows: Int32Array, scores: Float64Array): void {
  const score = () =>
    core.profile.ranker.rank(run.request, rows, rows.length, core.columns, core.scratch, scores)
  if (core.learning === undefined) score()
  else withCached(core, run, score)
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
