import { loadSkewByMoments } from '../../src/stats/load-skew.ts'
import { differences } from './difference.ts'

/** The standard deviation of load rates. */
export interface LoadSkewVector {
  readonly loadRates: readonly number[]
  readonly skew: number
}

export function checkLoadSkew({ loadRates, skew }: LoadSkewVector): string[] {
  let sum = 0
  let sumOfSquares = 0
  for (const rate of loadRates) {
    sum += rate
    sumOfSquares += rate * rate
  }
  return differences('skew', skew, loadSkewByMoments(sum, sumOfSquares, loadRates.length))
}
