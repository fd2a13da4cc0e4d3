/** The weight of the newest sample, from the reference. */
export const ALPHA = 0.2

/** One step of an exponentially weighted moving average. */
export function ewma(average: number, sample: number): number {
  return ALPHA * sample + (1 - ALPHA) * average
}
