import type { Core } from './core.ts'
import type { Run } from './run.ts'
import { cachedTokensAt } from './warm-places.ts'

/** See `warmFair`. */
const SAVING_COUNTS = 3

/** How urgently a run that has waited so long needs a slot of this very row; by `warmFair`'s formula where that is learned. */
export function urgency(core: Core, run: Run, row: number, waitedMs: number): number {
  const { learning } = core
  if (learning === undefined) return waitedMs
  const here = cachedTokensAt(core, run, row)
  let elsewhere = 0
  for (const place of run.warm) {
    if (place.row !== row) elsewhere = Math.max(elsewhere, cachedTokensAt(core, run, place.row))
  }
  const { perTokenMs } = learning.fit
  const bestMs = learning.fit.predictMs(run.inputTokens - Math.max(here, elsewhere))
  return (waitedMs + SAVING_COUNTS * perTokenMs * (here - elsewhere)) / bestMs
}
