import { hasRoom } from '../columns/columns.ts'
import type { CostRanker } from '../rankers/ranker.ts'
import type { Core } from './core.ts'
import type { Run } from './run.ts'
import { withCached } from './warm-places.ts'

/**
 * The price of waiting. A request passes free accounts by when one that is full is expected to serve it sooner:
 *
 *   least over full accounts (cost + expected wait) + margin < least over free accounts (cost)
 *
 * where the expected wait for a slot is the mean time that slots are held, over the account's slots, for everyone who waits
 * for that account alone and for itself. It waits at most
 * as long as it stands to gain, and never longer than the rule says. Meanwhile it takes any account that costs no more
 * than what it waits for, and the longer it waits, the more it takes:
 *
 *   cost <= hoped-for cost and wait + margin + time waited
 *
 * A warm cache behind a full account, and an account in a brown-out that is free because it is slow, are one case.
 */
export function mayWaitForBetter(core: Core, run: Run): boolean {
  const { patience, ranker } = core.profile
  if (!run.patient || patience === undefined || ranker.unit !== 'ms' || run.domain !== undefined) return false
  const { indices, scores, columns, scratch } = core
  let freeMs = Number.POSITIVE_INFINITY
  let hopedMs = Number.POSITIVE_INFINITY
  let hopedInMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < run.candidateCount; i++) {
    const row = indices[i]!
    const costMs = -scores[i]!
    if (hasRoom(columns, row)) {
      freeMs = Math.min(freeMs, costMs)
      continue
    }
    const inMs = costMs + slotInMs(core, row)
    if (inMs >= hopedInMs) continue
    hopedInMs = inMs
    hopedMs = costMs
  }
  if (hopedMs === Number.POSITIVE_INFINITY) return false
  const byChoice = freeMs < Number.POSITIVE_INFINITY
  // Where others wait because they must, nobody does by choice.
  if (byChoice && (core.queueDepth > 0 || hopedInMs + patience.marginMs >= freeMs)) return false
  run.bounds = scratch.bounds.slice()
  run.acceptMs = Math.min(hopedInMs, freeMs)
  run.patientUntilMs = run.startedMs + Math.min(patience.maxMs, freeMs - hopedMs)
  return byChoice
}

/** Whether a freed slot is worth taking to a run that waits. Everything is, once its patience has worn off. */
export function isWorthTaking(core: Core, run: Run, row: number): boolean {
  if (run.patientUntilMs === 0) return true
  const nowMs = core.clock.monotonicMs()
  if (nowMs >= run.patientUntilMs) return true
  const { marginMs } = core.profile.patience!
  const costMs = withCached(core, run, () =>
    (core.profile.ranker as CostRanker).costMs(run.request, row, core.columns, core.scratch, run.bounds!),
  )
  return costMs <= run.acceptMs + marginMs + (nowMs - run.startedMs)
}

/** How long until one of a full account's slots is free, on average: held times end evenly spread. */
function slotInMs({ learning, columns }: Core, row: number): number {
  const waiters = 1 + columns.waiting[row]!
  return ((learning?.holdMs ?? 0) * waiters) / Math.max(1, columns.limit[row]!)
}
