/**
 * What an answer that comes whole says of an account. It has no first token to go by, only how long all of it took:
 *
 *   expected = predicted first token + output tokens x pace       pace: mean of (took - predicted) / output, newest 2 %
 *   ratio    = took / expected
 *   weight   = predicted first token / expected, at least 0.25
 *
 * The weight says how much of the time was what the health of an account is about. At least a quarter, because an
 * account that takes twice as long over everything is slow whatever it spends the time on.
 */
export interface WholeAnswers {
  /** Learns the pace of one answer, and says what it is worth as a sample of its account's health. */
  sample(tookMs: number, predictedMs: number, outputTokens: number): WholeSample
}

/** A sample of an account's health, as `AccountHealth.observe` takes it. */
export interface WholeSample {
  readonly ratio: number
  readonly weight: number
}

const PRIOR_MS_PER_TOKEN = 15
const PACE_WEIGHT = 0.02
const MIN_WEIGHT = 0.25
/** One answer moves the pace no further than one of three times its length does. */
const MAX_RATIO = 3

export function createWholeAnswers(): WholeAnswers {
  let paceMs = PRIOR_MS_PER_TOKEN

  return {
    sample(tookMs, predictedMs, outputTokens) {
      const expectedMs = predictedMs + outputTokens * paceMs
      if (outputTokens > 0) {
        const bounded = Math.min(tookMs, MAX_RATIO * expectedMs)
        paceMs += PACE_WEIGHT * (Math.max(0, bounded - predictedMs) / outputTokens - paceMs)
      }
      return { ratio: tookMs / expectedMs, weight: Math.max(MIN_WEIGHT, predictedMs / expectedMs) }
    },
  }
}
