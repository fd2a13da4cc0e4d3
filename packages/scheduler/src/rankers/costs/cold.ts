/**
 * What reading the uncached part of the prompt again costs beyond the wait for it: money, the account's token limit,
 * and the time of everyone else it serves meanwhile.
 *
 *   cold = c x b1 x uncached
 */
export function coldCost(weight: number, perTokenMs: number, uncachedTokens: number): number {
  return weight * perTokenMs * uncachedTokens
}
