/** Priorities are told in steps; no more than this many make a difference. */
const MAX_STEPS = 20

/**
 * Strict tiers with a spill: an account of a worse priority is as good as one better by `stepMs` a step. So the better
 * tier is used alone until it is predicted to make a request wait that much longer, and is spilled from then.
 *
 *   tier = step x (priority - best priority of the candidates)
 */
export function tierCost(stepMs: number, priority: number, bestPriority: number): number {
  return stepMs * Math.min(MAX_STEPS, priority - bestPriority)
}
