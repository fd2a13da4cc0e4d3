/**
 * What this request waits for its first token: the fleet's line for its uncached tokens, times how sick the account is,
 * times what its load adds.
 *
 *   ttft = (b0 + b1 x uncached) x e^sickness x (1 + 0.5 u^2)
 */
export function ttftCost(lineMs: number, sicknessLog: number, loadFactor: number): number {
  return lineMs * Math.exp(sicknessLog) * loadFactor
}
