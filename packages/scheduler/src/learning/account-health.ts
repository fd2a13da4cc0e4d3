import { leftAfter } from './fading.ts'
import { RowNumbers } from './row-numbers.ts'

/**
 * How much slower than the fleet's line an account answers, as a natural logarithm of observed / predicted time:
 *
 *   slow = sum of old samples / (their weight + 20)                    half-life 10 minutes, samples within +-0.6
 *   log  = (sum of new samples + late + 0.5 x slow) / (their weight + number late + 0.5)     half-life 20 s and five
 *                                                                       samples, within +-3, or 7 where given up
 *
 * Two memories, because two things differ: a model server that is a fifth slower stays so, and a brown-out comes and
 * goes. The old one is all that is left when traffic stops, so a healed account is tried again without having to prove
 * anything. `late` are requests in flight that have waited longer than {@link LATE} times their predicted time: each
 * counts as a sample of what it has waited already, so that a brown-out is seen before its first answer comes.
 *
 * Ratios instead of differences: a long prompt's seconds and a short one's milliseconds say the same of an account.
 */
export interface AccountHealth {
  /** One first token of a row: its time as a multiple of what was predicted for it. `weight`: of how many samples; default 1. */
  observe(row: number, ratio: number, nowMs: number, weight?: number): void
  /**
   * A request that was given up before its first token, after so many times what was predicted for it. It would have taken
   * longer, so it counts as {@link GIVEN_UP} times that: taken at its word it hides a brown-out. And it is believed up to
   * a thousand times: a server that hangs is not twenty times slower, and if it were, a better tier of it alone would be
   * asked again every few seconds, each time by a request that waits until its client leaves.
   */
  gaveUp(row: number, ratio: number, nowMs: number): void
  /** The logarithm above; 0 is the fleet's line, 0.69 twice as slow. `late` samples come on top, `lateSum` their sum. */
  logRatio(row: number, nowMs: number, late: number, lateSum: number): number
  /** The logarithm of the old memory alone: how much slower than the fleet the row is when it is well. */
  usualLog(row: number, nowMs: number): number
  /** How sick a row was, fading with a half-life of a minute and halved by every good answer. */
  wasSick(row: number, nowMs: number): number
  forget(row: number): void
}

export const LATE = 2
/** An answer that nobody waited for would have taken longer than it had: as much longer, at a guess, as this multiple. */
const GIVEN_UP = 3
const FAST_HALF_LIFE_MS = 20_000
const SICK_HALF_LIFE_MS = 60_000
/** A sample below this is a good answer. */
const WELL = 0.5
const SLOW_HALF_LIFE_MS = 600_000
/** Of the samples before the newest: some eight count, or a busy account would take half a minute to look sick. */
const FAST_KEPT = 7 / 8
const FAST_PRIOR = 0.5
/** So many, because the first answers show above all how wrong the first guess of the fleet's line was. */
const SLOW_PRIOR = 20
const FAST_CLIP = 3
const GIVEN_UP_CLIP = 7
const SLOW_CLIP = 0.6

export function createAccountHealth(): AccountHealth {
  const fastSum = new RowNumbers()
  const fastWeight = new RowNumbers()
  const slowSum = new RowNumbers()
  const slowWeight = new RowNumbers()
  const sickLog = new RowNumbers()
  const atMs = new RowNumbers()

  /** The prior keeps its weight while the samples fade: a pace that nobody sees for long is forgotten. */
  function usualLog(row: number, nowMs: number): number {
    const slow = leftAfter(nowMs - atMs.at(row), SLOW_HALF_LIFE_MS)
    return (slowSum.at(row) * slow) / (slowWeight.at(row) * slow + SLOW_PRIOR)
  }

  function add(row: number, sample: number, nowMs: number, weight: number): void {
    const passedMs = nowMs - atMs.at(row)
    const fast = leftAfter(passedMs, FAST_HALF_LIFE_MS) * FAST_KEPT
    const slow = leftAfter(passedMs, SLOW_HALF_LIFE_MS)
    atMs.set(row, nowMs)
    fastSum.set(row, fastSum.at(row) * fast + weight * sample)
    fastWeight.set(row, fastWeight.at(row) * fast + weight)
    slowSum.set(row, slowSum.at(row) * slow + weight * clipped(sample, SLOW_CLIP))
    slowWeight.set(row, slowWeight.at(row) * slow + weight)
    const sick = sickLog.at(row) * leftAfter(passedMs, SICK_HALF_LIFE_MS)
    const now = fastSum.at(row) / (fastWeight.at(row) + FAST_PRIOR)
    sickLog.set(row, sample < WELL ? sick * 0.5 : Math.max(sick, now))
  }

  return {
    usualLog,
    observe(row, ratio, nowMs, weight = 1) {
      add(row, clipped(Math.log(Math.max(1e-3, ratio)), FAST_CLIP), nowMs, weight)
    },
    gaveUp(row, ratio, nowMs) {
      add(row, clipped(Math.log(ratio * GIVEN_UP), GIVEN_UP_CLIP), nowMs, 1)
    },
    wasSick(row, nowMs) {
      return sickLog.at(row) * leftAfter(nowMs - atMs.at(row), SICK_HALF_LIFE_MS)
    },
    logRatio(row, nowMs, late, lateSum) {
      const fast = leftAfter(nowMs - atMs.at(row), FAST_HALF_LIFE_MS)
      return (
        (fastSum.at(row) * fast + lateSum + FAST_PRIOR * usualLog(row, nowMs)) /
        (fastWeight.at(row) * fast + late + FAST_PRIOR)
      )
    },
    forget(row) {
      for (const numbers of [fastSum, fastWeight, slowSum, slowWeight, sickLog]) numbers.set(row, 0)
    },
  }
}

function clipped(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value))
}
