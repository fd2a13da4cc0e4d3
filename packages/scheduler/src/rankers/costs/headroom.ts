/** Above this share of a rate limit left, spending costs nothing. */
const FREE_ABOVE = 0.25

/**
 * What spending the last of a rate limit costs: nothing above a quarter left, then rising to the full price at none.
 *
 *   headroom = c x max(0, 1 - share / 0.25)^2
 *
 * Squared, so that accounts run dry together instead of one after another.
 */
export function headroomCost(weightMs: number, shareLeft: number): number {
  const short = Math.max(0, 1 - shareLeft / FREE_ABOVE)
  return weightMs * short * short
}
