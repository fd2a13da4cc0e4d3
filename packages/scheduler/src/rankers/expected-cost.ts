import type { Columns } from '../columns/columns.ts'
import { inputTokensOf, loadFactorOf, outputTokensOf, sicknessOf, utilisation } from '../learning/learning.ts'
import type { ScheduleRequest } from '../model/request.ts'
import { coldCost } from './costs/cold.ts'
import { crowdingCost } from './costs/crowding.ts'
import { errorCost } from './costs/errors.ts'
import { headroomCost } from './costs/headroom.ts'
import { slowStartCost } from './costs/slow-start.ts'
import { tierCost } from './costs/tier.ts'
import { ttftCost } from './costs/ttft.ts'
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
  crowdingMs: 8_000,
  cold: 2,
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
  const terms = new Float64Array(TERMS)

  /** Fills `terms`; their sum, left to right, is minus the cost. */
  function weigh(request: ScheduleRequest, row: number, columns: Columns, scratch: Scratch): void {
    const learning = scratch.learning!
    const { fit } = learning
    const input = inputTokensOf(request)
    const cached = weights.cache * scratch.cachedTokens[row]!
    const uncached = Math.max(0, input - cached)
    const output = outputTokensOf(request)
    const lineMs = fit.predictMs(uncached)
    const u = utilisation(columns, learning.limits, row, 0)
    const health = weights.health * sicknessOf(learning, row, scratch.nowMs)
    const ttftMs = ttftCost(lineMs, health, loadFactorOf(u))
    const odds = learning.odds.odds(row, scratch.nowMs)
    terms[0] = -ttftMs
    terms[1] = -crowdingCost(weights.crowdingMs, u, scratch.bounds[MEAN_USE]!, cached / Math.max(1, input))
    const leaving = scratch.isWarm && cached === 0
    terms[2] = -coldCost(weights.cold, fit.perTokenMs, { uncachedTokens: uncached, leaving })
    terms[3] = weights.failureMs === 0 ? 0 : -errorCost(odds, weights.failureMs, lineMs)
    terms[4] = -headroomCost(weights.headroomMs, scratch.limitShare(row), uncached + output)
    terms[5] = -tierCost(weights.tierMs, columns.priority[row]!, scratch.bounds[BEST_PRIORITY]!)
    terms[6] = -weights.slowStart * slowStartCost(columns.share[row]!, ttftMs)
  }

  function score(): number {
    let sum = 0
    for (let i = 0; i < TERMS; i++) sum += terms[i]!
    return sum
  }

  return {
    name: 'expected-cost',
    unit: 'ms',
    termNames: ['ttft', 'crowding', 'cold', 'errors', 'headroom', 'tier', 'slow start'],
    recorded: TERMS,

    rank(request, indices, n, columns, scratch, out) {
      let best = Number.POSITIVE_INFINITY
      for (let i = 0; i < n; i++) best = Math.min(best, columns.priority[indices[i]!]!)
      let use = 0
      let counted = 0
      for (let i = 0; i < n; i++) {
        const row = indices[i]!
        // A worse tier is idle on purpose: beside it the better one must not look crowded.
        if (columns.priority[row] !== best) continue
        use += utilisation(columns, scratch.learning!.limits, row, 0)
        counted++
      }
      scratch.bounds[BEST_PRIORITY] = best
      scratch.bounds[MEAN_USE] = counted === 0 ? 0 : use / counted
      for (let i = 0; i < n; i++) {
        weigh(request, indices[i]!, columns, scratch)
        out[i] = score()
      }
    },

    costMs(request, row, columns, scratch, bounds) {
      scratch.bounds.set(bounds)
      weigh(request, row, columns, scratch)
      return -score()
    },

    terms: (_row, _bounds, own) => Array.from(own),

    record(request, rows, n, columns, scratch, out, { offset, stride }) {
      for (let i = 0; i < n; i++) {
        weigh(request, rows[i]!, columns, scratch)
        out.set(terms, offset + i * stride)
      }
    },
  }
}
