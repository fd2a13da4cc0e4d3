/**
 * What this request's slot costs those who come after it: next to nothing at an idle account, much at one that is
 * nearly full, whose last slots are worth most to the sessions that are warm there.
 *
 *   crowding = c x u^3
 */
export function crowdingCost(weightMs: number, u: number): number {
  return weightMs * u * u * u
}
