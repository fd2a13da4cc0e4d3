import { grown, leftAfter } from './fading.ts'

/**
 * How much slower than the fleet's line an account answers, as a natural logarithm of observed / predicted time:
 *
 *   slow = sum of old samples / (their weight + 4)                     half-life 10 minutes, samples within +-0.6
 *   log  = (sum of new samples + late + 1.5 x slow) / (their weight + number late + 1.5)     half-life 20 s and five
 *                                                                                            samples, within +-3
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
  /** The logarithm above; 0 is the fleet's line, 0.69 twice as slow. `late` samples come on top, `lateSum` their sum. */
  logRatio(row: number, nowMs: number, late: number, lateSum: number): number
  /** How sick a row was, fading with a half-life of a minute and halved by every good answer. */
  wasSick(row: number, nowMs: number): number
  forget(row: number): void
}

export const LATE = 2
const FAST_HALF_LIFE_MS = 20_000
const SICK_HALF_LIFE_MS = 60_000
/** A sample below this is a good answer. */
const WELL = 0.5
const SLOW_HALF_LIFE_MS = 600_000
/** Of the samples before the newest: some eight count, or a busy account would take half a minute to look sick. */
const FAST_KEPT = 7 / 8
const FAST_PRIOR = 1.5
const SLOW_PRIOR = 4
const FAST_CLIP = 3
const SLOW_CLIP = 0.6

export function createAccountHealth(): AccountHealth {
  let fastSum = new Float64Array(16)
  let fastWeight = new Float64Array(16)
  let slowSum = new Float64Array(16)
  let slowWeight = new Float64Array(16)
  let atMs = new Float64Array(16)
  let sickLog = new Float64Array(16)

  function reach(row: number): void {
    if (row < atMs.length) return
    const n = Math.max(row + 1, atMs.length * 2)
    fastSum = grown(fastSum, n)
    fastWeight = grown(fastWeight, n)
    slowSum = grown(slowSum, n)
    slowWeight = grown(slowWeight, n)
    atMs = grown(atMs, n)
    sickLog = grown(sickLog, n)
  }

  return {
    observe(row, ratio, nowMs, weight = 1) {
      reach(row)
      const passedMs = nowMs - atMs[row]!
      const fast = leftAfter(passedMs, FAST_HALF_LIFE_MS) * FAST_KEPT
      const slow = leftAfter(passedMs, SLOW_HALF_LIFE_MS)
      const sample = clipped(Math.log(Math.max(1e-3, ratio)), FAST_CLIP)
      atMs[row] = nowMs
      fastSum[row] = fastSum[row]! * fast + weight * sample
      fastWeight[row] = fastWeight[row]! * fast + weight
      slowSum[row] = slowSum[row]! * slow + weight * clipped(sample, SLOW_CLIP)
      slowWeight[row] = slowWeight[row]! * slow + weight
      const sick = sickLog[row]! * leftAfter(passedMs, SICK_HALF_LIFE_MS)
      const now = fastSum[row]! / (fastWeight[row]! + FAST_PRIOR)
      sickLog[row] = sample < WELL ? sick * 0.5 : Math.max(sick, now)
    },
    wasSick(row, nowMs) {
      return row < atMs.length ? sickLog[row]! * leftAfter(nowMs - atMs[row]!, SICK_HALF_LIFE_MS) : 0
    },
    logRatio(row, nowMs, late, lateSum) {
      if (row >= atMs.length) return late === 0 ? 0 : lateSum / (late + FAST_PRIOR)
      const fast = leftAfter(nowMs - atMs[row]!, FAST_HALF_LIFE_MS)
      const slow = slowSum[row]! / (slowWeight[row]! + SLOW_PRIOR)
      return (
        (fastSum[row]! * fast + lateSum + FAST_PRIOR * slow) / (fastWeight[row]! * fast + late + FAST_PRIOR)
      )
    },
    forget(row) {
      if (row >= atMs.length) return
      for (const column of [fastSum, fastWeight, slowSum, slowWeight, sickLog]) column[row] = 0
    },
  }
}

function clipped(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value))
}
