/** How much of the price a request is spared whose whole prompt is warm there. */
const WARM_SPARED = 0.9

/**
 * What this request's slot costs those who come after it: nothing at an account that is used less than the others, much
 * at one that is nearly full, whose last slots are worth most to the sessions that are warm there; and little to one of
 * those.
 *
 *   crowding = c x max(0, u^3 - mean^3) x (1 - 0.9 x sqrt(cached share))        mean = mean u of the best tier's candidates
 *
 * u counts the slot that is asked for: it is a bigger part of a small account, whose sessions are the sooner crowded out
 * (measured: more of them keep their place). Only what is above the mean: an account that is idle
 * because it is slow must not look cheap for it.
 */
export function crowdingCost(weightMs: number, u: number, mean: number, cachedShare: number): number {
  const above = Math.max(0, u * u * u - mean * mean * mean)
  return weightMs * above * (1 - WARM_SPARED * Math.sqrt(Math.min(1, cachedShare)))
}
