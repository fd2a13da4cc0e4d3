/** What leaving costs however short the prompt: a session changes its account for a reason, not for a difference of noise. */
const LEAVING_MS = 100

/**
 * What reading the uncached part of the prompt again costs beyond the wait for it: money, the account's token limit, and
 * the time of everyone else it serves meanwhile.
 *
 *   cold = c x b1 x uncached + 100 ms where the session is warm, but not here
 */
export function coldCost(
  weight: number,
  perTokenMs: number,
  { uncachedTokens, leaving }: { readonly uncachedTokens: number; readonly leaving: boolean },
): number {
  return weight * perTokenMs * uncachedTokens + (weight > 0 && leaving ? LEAVING_MS : 0)
}
