import {
  adaptiveProfile,
  type Columns,
  type CostRanker,
  coldCost,
  crowdingCost,
  DEFAULT_COSTS,
  errorCost,
  headroomCost,
  MAX_ODDS,
} from '@headgate/scheduler'
import { firstTokenMs, meanNoise, PER_TOKEN_MS } from '../world/latency.ts'
import type { Policy, PolicyWorld, SimulatedRequest } from './policy.ts'
import { ADAPTIVE_HEDGE_BUDGET } from './shipped.ts'

/** Beyond every real cost, and still a number: an account that is sure to fail is tried when there is no other. */
const NEVER_MS = 1e6
const MEAN_USE = 0

/**
 * `adaptive` with the truth in place of what it learns: how fast each account is and how ill, what it holds of the prompt, what
 * is left of its limit, at this very instant. No gateway can know that. Where it does better, the difference is the price of
 * finding out. It is a reference and no bound: it looks no further ahead than `adaptive` does and hedges by the same rules,
 * so a policy that does either better, or has more luck with its hedges, may pass it.
 */
export const oraclePolicy: Policy = {
  name: 'oracle',
  fingerprint: true,
  hedgeBudget: ADAPTIVE_HEDGE_BUDGET,
  create: world => ({ profile: { ...adaptiveProfile(), name: 'oracle', ranker: trueCost(world) } }),
}

/** The terms of `expectedCost` by their own formulas, from the world instead of from answers; in one tier. */
function trueCost({ accounts, truth, law }: PolicyWorld): CostRanker {
  const { failureMs, crowdingMs, headroomMs, cold } = DEFAULT_COSTS
  const luck = meanNoise(law.noise)

  function costMs(request: SimulatedRequest, row: number, columns: Columns, bounds: Float64Array): number {
    const account = accounts[row]!
    const { dead, errorShare, firstToken } = truth.ailmentOf(row)
    const cached = request.cachedTokens(row)
    const uncachedTokens = request.inputTokens - cached
    const spent = (request.estimatedTokens ?? request.inputTokens) - cached
    const left = truth.tokensLeft(row)
    if (dead || left < spent) return NEVER_MS
    const u = useOf(row, columns)
    const ttftMs = firstTokenMs(account, { uncached: uncachedTokens, cached }, u, law) * firstToken * luck
    return (
      ttftMs +
      crowdingCost(crowdingMs, u, bounds[MEAN_USE]!, cached / Math.max(1, request.inputTokens)) +
      coldCost(cold, PER_TOKEN_MS, { uncachedTokens, leaving: false, lineMs: 0 }) +
      errorCost(Math.min(MAX_ODDS, errorShare / (1 - errorShare)), failureMs, ttftMs) +
      headroomCost(headroomMs, Number.isFinite(left) ? left / account.tokensPerMinute : 1, spent)
    )
  }

  return {
    name: 'true-cost',
    unit: 'ms',
    termNames: ['cost'],
    rank(request, rows, n, columns, { bounds }, out) {
      let use = 0
      for (let i = 0; i < n; i++) use += useOf(rows[i]!, columns)
      bounds[MEAN_USE] = n === 0 ? 0 : use / n
      for (let i = 0; i < n; i++) out[i] = -costMs(request as SimulatedRequest, rows[i]!, columns, bounds)
    },
    costMs: (request, row, columns, _scratch, bounds) =>
      costMs(request as SimulatedRequest, row, columns, bounds),
    levelled(bounds) {
      const level = bounds.slice()
      level[MEAN_USE] = 1
      return level
    },
    terms: row => [row.score],
  }
}

/** The share of an account's slots in use once this request has one. */
function useOf(row: number, { inUse, limit }: Columns): number {
  return Math.min(1, (inUse[row]! + 1) / limit[row]!)
}
