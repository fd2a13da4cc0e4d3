/**
 * What this request waits for its first token: the fleet's line for its uncached tokens, times how much slower the account
 * answers, times what its load adds.
 *
 *   ttft = (b0 + b1 x uncached) x e^slowness x (1 + 0.5 u^2)
 */
export function ttftCost(lineMs: number, slownessLog: number, loadMultiple: number): number {
  return lineMs * Math.exp(slownessLog) * loadMultiple
}
