import { hasRoom } from '../columns/columns.ts'
import type { Sampler } from '../samplers/sampler.ts'
import { keepOpen, makeRoom, rankKept } from './candidate-scan.ts'
import type { Core } from './core.ts'
import { seedRun } from './draw.ts'
import { isCandidate } from './eligibility.ts'
import type { EligibleSet } from './eligible-set.ts'
import type { Run } from './run.ts'

/** Of a sampled set with tiers: how many of the next tier, and of a full one, are compared beside the one that serves. */
const SPILL = 3

/**
 * Compares some of a large set: those where the session is warm, and those the sampler draws, tier by tier until one has
 * room, and a few of the tier behind it. False when that finds nobody with room although there may be one.
 */
export function rankSample(
  core: Core,
  run: Run,
  set: EligibleSet,
  sampler: Sampler,
  barring: boolean,
): boolean {
  const { columns, random, seed, selectionRandom } = core
  makeRoom(core, set.members.length)
  random.next64(seed)
  selectionRandom.seed(seed[0]!, seed[1]!)
  let n = warmCandidates(core, run, set)
  let isFound = false
  for (const tier of set.tiers) {
    const want = isFound ? SPILL : sampler.d
    const drawn = sampler.sample(tier, want, columns, selectionRandom, core.indices, n)
    const kept = barring ? keepOpen(core, run, n, drawn, true) : drawn
    if (isFound && kept > n) {
      n = kept
      break
    }
    isFound ||= anyRoom(core, n, kept)
    // Of a better tier that is full, a few show what waiting for it would be worth.
    n = isFound || set.tiers.length === 1 ? kept : Math.min(kept, n + SPILL)
  }
  // Drawn without an eye for what bars this request: all that were drawn may be barred, and others not.
  if (n === 0 || (barring && !anyRoom(core, 0, n))) return false
  rankKept(core, run, n, n + run.excluded + run.limited)
  // The order is drawn by a seed of its own: the record holds who was compared, not who might have been.
  random.next64(seed)
  seedRun(core, run)
  return true
}

/** Puts the candidates that the request's session points at first, and answers how many. */
function warmCandidates(core: Core, run: Run, set: EligibleSet): number {
  let n = 0
  for (const { row } of run.warm) if (isCandidate(core, run, set, row)) core.indices[n++] = row
  const { hintRow } = run
  if (run.warm.length === 0 && hintRow >= 0 && isCandidate(core, run, set, hintRow))
    core.indices[n++] = hintRow
  return n
}

function anyRoom({ indices, columns }: Core, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (hasRoom(columns, indices[i]!)) return true
  return false
}
