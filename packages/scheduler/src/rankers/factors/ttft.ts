import { clamp01 } from './clamp.ts'

/** What an account without a sample gets, and every account while all samples are equal. */
export const NEUTRAL_TTFT_FACTOR = 0.5

/** 1 for the fastest first token among the candidates, 0 for the slowest, linear between; NaN is no sample. */
export function ttftFactor(ttftMs: number, min: number, max: number): number {
  return max > min && !Number.isNaN(ttftMs) ? 1 - clamp01((ttftMs - min) / (max - min)) : NEUTRAL_TTFT_FACTOR
}
