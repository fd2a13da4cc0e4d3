/** Above this share of a rate limit left, spending costs nothing. */
const FREE_ABOVE = 0.5
/** What the weight is for: about a long prompt. */
const TOKENS = 10_000

/**
 * What spending the last of a rate limit costs: nothing above a half left, then rising to the full price at none, for
 * each ten thousand tokens that are spent.
 *
 *   headroom = c x max(0, 1 - share / 0.5)^2 x tokens / 10000
 *
 * By tokens, because that is what is scarce there: an account with free slots and few tokens left is just right for short
 * requests. Squared, so that accounts run dry together instead of one after another.
 */
export function headroomCost(weightMs: number, shareLeft: number, tokens: number): number {
  const short = Math.max(0, 1 - shareLeft / FREE_ABOVE)
  return (weightMs * short * short * tokens) / TOKENS
}
