/** The factor of every whole percent: the ranker's inner loop reads what it would otherwise divide. */
const FACTORS = Float64Array.from({ length: 101 }, (_, percent) => 1 - percent / 100)

/**
 * 1 for an idle account, 0 for one whose slots are all taken or spoken for. `loadRate` is in whole percent, as the
 * columns have it, and may exceed 100.
 */
export function loadFactor(loadRate: number): number {
  return loadRate >= 100 ? 0 : FACTORS[loadRate]!
}
