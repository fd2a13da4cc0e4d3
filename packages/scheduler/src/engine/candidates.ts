import { resetRanked } from '../columns/ranked.ts'
import type { RankCache, RankIndex } from '../rankers/ranker.ts'
import { rankSample } from './candidate-sample.ts'
import { rankByScan } from './candidate-scan.ts'
import type { Core } from './core.ts'
import { mayBar } from './eligibility.ts'
import type { EligibleSet } from './eligible-set.ts'
import { countCandidates, keepBest, openRecord } from './keep-best.ts'
import type { Run } from './run.ts'
import { withCached } from './warm-places.ts'

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

function rankByCache(core: Core, run: Run, cache: RankCache, members: number): void {
  cache.rank(core.columns, core.scratch)
  const { rows, scores, loadSum, loadSquares } = cache
  countCandidates(run, { candidates: rows.length, members, sum: loadSum, squares: loadSquares })
  keepBest(core, run, { rows, scores }, members)
}

function rankByIndex(core: Core, run: Run, index: RankIndex, members: number): void {
  const { ranked, scratch, profile } = core
  index.sync(core.columns)
  countCandidates(run, { candidates: index.count, members, sum: index.loadSum, squares: index.loadSquares })
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
