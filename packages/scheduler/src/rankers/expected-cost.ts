import type { Columns } from '../columns/columns.ts'
import { loadMultipleOf, utilisation } from '../learning/load-multiple.ts'
import { outputTokensOf } from '../learning/prompt-size.ts'
import { slownessOf } from '../learning/slowness.ts'
import type { ScheduleRequest } from '../model/request.ts'
import { coldCost } from './costs/cold.ts'
import { crowdingCost } from './costs/crowding.ts'
import { errorCost } from './costs/errors.ts'
import { headroomCost } from './costs/headroom.ts'
import { slowStartCost } from './costs/slow-start.ts'
import { tierCost } from './costs/tier.ts'
import { ttftCost } from './costs/ttft.ts'
import { createKeptTerms, type KeptTerms } from './kept-terms.ts'
import type { CostRanker, Scratch } from './ranker.ts'

/** What each cost weighs; 0 switches one off. */
export interface CostWeights {
  /** Of how much slower an account answers than the fleet; 0 takes all for equally healthy. */
  readonly health: number
  /** Of the tokens an account holds of the prompt already; 0 takes every cache for cold. */
  readonly cache: number
  /** Of the last slots of an account, which are worth most to the sessions that are warm there. */
  readonly crowdingMs: number
  /** Of reading a prompt again, beside the wait for it. */
  readonly cold: number
  /** What a failed attempt costs beside the wait for the next. */
  readonly failureMs: number
  /** Of spending the last of a rate limit, for each ten thousand tokens. */
  readonly headroomMs: number
  /** How much longer a request may wait at an account one priority better. */
  readonly tierMs: number
  readonly slowStart: number
}

/** Found with `npm run quality` on seeds 1 to 10; see docs/explanation/routing.md. */
export const DEFAULT_COSTS: CostWeights = {
  health: 1,
  cache: 1,
  crowdingMs: 5_000,
  cold: 0.5,
  failureMs: 1_500,
  headroomMs: 5_000,
  tierMs: 2_000,
  slowStart: 0.3,
}

const TERMS = 7
const BEST_PRIORITY = 0
const MEAN_USE = 1

/**
 * The expected cost of serving a request at an account, in milliseconds: what it waits, what it costs others, and what
 * failing would cost. The score is minus the cost.
 *
 * Unlike a weighted sum of shares it has a unit, so that its parts can be compared: a warm cache is worth the wait that
 * it saves, and no more. One account costs about 0.1 us.
 */
export function expectedCost(weights: CostWeights = DEFAULT_COSTS): CostRanker {
  /** Fills `terms` from `at`; their sum, left to right, is the score that it answers. */
  function weigh(
    request: ScheduleRequest,
    row: number,
    columns: Columns,
    scratch: Scratch,
    bounds: Float64Array,
    at: number,
  ): number {
    const { terms } = keptIn(scratch)
    const learning = scratch.learning!
    const { fit } = learning
    const input = scratch.inputTokens
    const cached = weights.cache * scratch.cachedTokens[row]!
    const uncached = Math.max(0, input - cached)
    const lineMs = fit.predictMs(uncached)
    const u = utilisation(columns, learning.limits, row, 1)
    const health = weights.health === 0 ? 0 : weights.health * slownessOf(learning, row, scratch.nowMs)
    const ttftMs = ttftCost(lineMs, health, loadMultipleOf(u))
    terms[at] = -ttftMs
    terms[at + 1] = -crowdingCost(weights.crowdingMs, u, bounds[MEAN_USE]!, cached / Math.max(1, input))
    const leaving = scratch.isWarm && cached === 0
    terms[at + 2] = -coldCost(weights.cold, fit.perTokenMs, { uncachedTokens: uncached, leaving, lineMs })
    const price = weights.failureMs
    terms[at + 3] = price === 0 ? 0 : -errorCost(learning.odds.odds(row, scratch.nowMs), price, lineMs)
    const tokens = uncached + outputTokensOf(request, input)
    terms[at + 4] = -headroomCost(weights.headroomMs, scratch.limitShare(row), tokens)
    terms[at + 5] = -tierCost(weights.tierMs, columns.priority[row]!, bounds[BEST_PRIORITY]!)
    terms[at + 6] = -weights.slowStart * slowStartCost(columns.share[row]!, ttftMs)
    let score = 0
    for (let i = at; i < at + TERMS; i++) score += terms[i]!
    return score
  }

  return {
    name: 'expected-cost',
    unit: 'ms',
    termNames: ['ttft', 'crowding', 'cold', 'errors', 'headroom', 'tier', 'slow start'],
    recorded: TERMS,

    rank(request, indices, n, columns, scratch, out) {
      compare(indices, n, columns, scratch)
      const kept = keptIn(scratch)
      kept.begin(n)
      for (let i = 0; i < n; i++) {
        const row = indices[i]!
        out[i] = weigh(request, row, columns, scratch, scratch.bounds, kept.placeFor(i, row))
      }
    },

    costMs(request, row, columns, scratch, bounds) {
      keptIn(scratch).begin(0)
      return -weigh(request, row, columns, scratch, bounds, 0)
    },

    levelled(bounds) {
      const level = bounds.slice()
      level[MEAN_USE] = 1
      return level
    },

    terms: (_row, _bounds, own) => Array.from(own),

    record(request, rows, n, columns, scratch, out, { offset, stride }) {
      const kept = keptIn(scratch)
      for (let i = 0; i < n; i++) {
        let at = kept.placeOf(rows[i]!)
        if (at < 0) {
          kept.begin(0)
          at = 0
          weigh(request, rows[i]!, columns, scratch, scratch.bounds, at)
        }
        const to = offset + i * stride
        for (let term = 0; term < TERMS; term++) out[to + term] = kept.terms[at + term]!
      }
    },
  }
}

function keptIn(scratch: Scratch): KeptTerms {
  scratch.kept ??= createKeptTerms(TERMS)
  return scratch.kept
}

/** The figures over all candidates: the best tier, and how much it is used on average, the request's own slot among them. */
function compare(indices: Int32Array, n: number, columns: Columns, { bounds, learning }: Scratch): void {
  const { priority } = columns
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < n; i++) best = Math.min(best, priority[indices[i]!]!)
  let use = 0
  let counted = 0
  for (let i = 0; i < n; i++) {
    const row = indices[i]!
    // A worse tier is idle on purpose: beside it the better one must not look crowded.
    if (priority[row] !== best) continue
    use += utilisation(columns, learning!.limits, row, 1)
    counted++
  }
  bounds[BEST_PRIORITY] = best
  bounds[MEAN_USE] = counted === 0 ? 0 : use / counted
}
