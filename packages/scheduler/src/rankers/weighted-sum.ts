import { errorRateFactor } from './factors/error-rate.ts'
import { loadFactor } from './factors/load.ts'
import { priorityFactor } from './factors/priority.ts'
import { queueFactor } from './factors/queue.ts'
import { ttftFactor } from './factors/ttft.ts'
import type { Ranker } from './ranker.ts'
import { createWeightedSumCache } from './weighted-sum-cache.ts'
import { createWeightedSumIndex } from './weighted-sum-index.ts'
import { MAX_PRIORITY, MAX_TTFT, MIN_PRIORITY, MIN_TTFT, QUEUE_DIVISOR, type Weights } from './weights.ts'

/**
 * The reference's score: a weighted sum of five factors in [0, 1], each relative to the candidate set.
 *
 * The sum is taken left to right in the order of `termNames`, in IEEE doubles without fused multiply-add: any
 * other order changes the last bits and so, at a tie, the account.
 */
export function weightedSum(weights: Weights): Ranker {
  const { priority: wP, load: wL, queue: wQ, errorRate: wE, ttft: wT } = weights
  return {
    name: 'weighted-sum',
    termNames: ['priority', 'load', 'queue', 'errorRate', 'ttft'],

    rank(_request, indices, n, columns, scratch, out) {
      const { priority, loadRate, waiting, errorRate, ttftMs } = columns
      let minP = Number.POSITIVE_INFINITY
      let maxP = Number.NEGATIVE_INFINITY
      let divisor = 1
      let minT = Number.POSITIVE_INFINITY
      let maxT = Number.NEGATIVE_INFINITY
      for (let i = 0; i < n; i++) {
        const index = indices[i]!
        const p = priority[index]!
        if (p < minP) minP = p
        if (p > maxP) maxP = p
        const w = waiting[index]!
        if (w > divisor) divisor = w
        const t = ttftMs[index]!
        if (t < minT) minT = t
        if (t > maxT) maxT = t
      }
      const { bounds } = scratch
      bounds[MIN_PRIORITY] = minP
      bounds[MAX_PRIORITY] = maxP
      bounds[QUEUE_DIVISOR] = divisor
      bounds[MIN_TTFT] = minT
      bounds[MAX_TTFT] = maxT
      for (let i = 0; i < n; i++) {
        const index = indices[i]!
        out[i] =
          wP * priorityFactor(priority[index]!, minP, maxP) +
          wL * loadFactor(loadRate[index]!) +
          wQ * queueFactor(waiting[index]!, divisor) +
          wE * errorRateFactor(errorRate[index]!) +
          wT * ttftFactor(ttftMs[index]!, minT, maxT)
      }
    },

    terms(row, bounds) {
      return [
        wP * priorityFactor(row.priority, bounds[MIN_PRIORITY]!, bounds[MAX_PRIORITY]!),
        wL * loadFactor(row.loadRate),
        wQ * queueFactor(row.waiting, bounds[QUEUE_DIVISOR]!),
        wE * errorRateFactor(row.errorRate),
        wT * ttftFactor(row.ttftMs ?? Number.NaN, bounds[MIN_TTFT]!, bounds[MAX_TTFT]!),
      ]
    },

    createCache: members => createWeightedSumCache(weights, members),
    createIndex: members => createWeightedSumIndex(weights, members),
  }
}
