/**
 * What failing costs: the failed attempts to expect before one succeeds, each a failure's price and the wait for the
 * next account's first token.
 *
 *   errors = p / (1 - p) x (price + b0 + b1 x uncached)
 */
export function errorCost(odds: number, priceMs: number, lineMs: number): number {
  return odds * (priceMs + lineMs)
}
