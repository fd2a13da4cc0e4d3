import { clamp01 } from './clamp.ts'

/** 1 for an account that never fails, 0 for one that always does. */
export function errorRateFactor(errorRate: number): number {
  return 1 - clamp01(errorRate)
}
