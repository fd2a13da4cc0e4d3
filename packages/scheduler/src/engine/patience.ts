import { hasRoom } from '../columns/columns.ts'
import type { CostRanker } from '../rankers/ranker.ts'
import type { Core } from './core.ts'
import type { Run } from './run.ts'
import { withCached } from './warm-places.ts'

/**
 * The price of waiting. A request passes free accounts by when it is expected to be served sooner by one that is full:
 *
 *   expected cost and wait + margin < least over free accounts (cost)
 *
 * A warm cache behind a full account, and an account in a brown-out that is free because it is slow, are one case. What
 * is hoped for is the sooner of two:
 *
 *   this account     its cost + hold / its slots x (1 + who waits for it alone)         while nobody waits at all
 *   any of those     mean cost + hold / all their slots x (1 + everybody who waits)     over the full ones that are worth it
 *
 * where hold is the mean time that slots are held. It waits at most as long as it stands to gain, and never longer than
 * the rule says. Meanwhile it takes any account that costs no more than what it waits for, and the longer it waits, the more
 * it takes:
 *
 *   cost <= hoped-for cost and wait + margin + time waited
 *
 * To be turned away with an account free would be worse than any account. So nothing is passed by where the queue has no
 * place, nor for longer than half of what a request may wait at all.
 */
export function mayWaitForBetter(core: Core, run: Run): boolean {
  const { patience, ranker } = core.profile
  if (!run.patient || patience === undefined || ranker.unit !== 'ms' || run.domain !== undefined) return false
  const freeMs = leastFreeMs(core, run)
  const level = (ranker as CostRanker).levelled(core.scratch.bounds)
  const hope = hopeOf(core, run, level, freeMs - patience.marginMs)
  if (hope === undefined) return false
  const byChoice = freeMs < Number.POSITIVE_INFINITY
  const longestMs = Math.min(patience.maxMs, core.profile.wait.pool.timeoutMs / 2, freeMs - hope.costMs)
  if (byChoice && (hope.inMs + patience.marginMs >= freeMs || longestMs <= 0 || !core.mayQueue(run.tenant)))
    return false
  run.bounds = level
  run.acceptMs = Math.min(hope.inMs, freeMs)
  run.patientUntilMs = run.startedMs + longestMs
  return byChoice
}

/** Whether a freed slot is worth taking to a run that waits. Everything is, once its patience has worn off. */
export function isWorthTaking(core: Core, run: Run, row: number): boolean {
  if (run.patientUntilMs === 0) return true
  const nowMs = core.clock.monotonicMs()
  if (nowMs >= run.patientUntilMs) return true
  const { marginMs } = core.profile.patience!
  const costMs = withCached(core, run, () => costOf(core, run, row, run.bounds!))
  return costMs <= run.acceptMs + marginMs + (nowMs - run.startedMs)
}

function costOf({ profile, columns, scratch }: Core, run: Run, row: number, bounds: Float64Array): number {
  return (profile.ranker as CostRanker).costMs(run.request, row, columns, scratch, bounds)
}

function leastFreeMs({ indices, scores, columns }: Core, run: Run): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < run.candidateCount; i++)
    if (hasRoom(columns, indices[i]!)) least = Math.min(least, -scores[i]!)
  return least
}

/** What serving costs, and that with the wait for it. */
interface Hope {
  readonly costMs: number
  readonly inMs: number
}

/** What may be hoped of the candidates that are full: only those below `worthMs` are worth a wait. */
function hopeOf(core: Core, run: Run, bounds: Float64Array, worthMs: number): Hope | undefined {
  const { indices, columns, learning, queueDepth } = core
  const holdMs = learning?.holdMs ?? 0
  let one: Hope | undefined
  let slots = 0
  let count = 0
  let sumMs = 0
  withCached(core, run, () => {
    for (let i = 0; i < run.candidateCount; i++) {
      const row = indices[i]!
      if (hasRoom(columns, row)) continue
      const costMs = costOf(core, run, row, bounds)
      if (costMs >= worthMs) continue
      const places = Math.max(1, columns.limit[row]!)
      slots += places
      count++
      sumMs += costMs
      const inMs = costMs + (holdMs * (1 + columns.waiting[row]!)) / places
      if (queueDepth === 0 && (one === undefined || inMs < one.inMs)) one = { costMs, inMs }
    }
  })
  if (count === 0) return undefined
  const costMs = sumMs / count
  const any = { costMs, inMs: costMs + (holdMs * (1 + queueDepth)) / slots }
  return one === undefined || any.inMs < one.inMs ? any : one
}
