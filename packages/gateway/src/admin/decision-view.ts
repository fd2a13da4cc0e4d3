import { type Decision, type Explanation, explain, explanationText } from '@headgate/scheduler'
import type { AdminWorld } from './admin-world.ts'

/** A decision with what it means. */
export interface ExplainedDecision {
  readonly decision: Decision
  readonly explanation: Explanation
  /** The explanation as lines of plain text. */
  readonly text: string
}

/** The newest decisions of all pools, newest first. */
export function viewDecisions(world: AdminWorld, limit: number): Decision[] {
  return [...world.schedulers().values()]
    .flatMap(scheduler => [...scheduler.decisions(limit)])
    .sort((a, b) => b.wallMs - a.wallMs)
    .slice(0, limit)
}

/** One decision, explained; undefined when it is not in memory (any more). */
export function viewDecision(world: AdminWorld, pool: string, id: number): ExplainedDecision | undefined {
  const decision = world.schedulers().get(pool)?.decision(id)
  if (decision === undefined) return undefined
  const explanation = explain(decision)
  return { decision, explanation, text: `${explanationText(explanation)}\n` }
}
