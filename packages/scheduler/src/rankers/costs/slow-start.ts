/**
 * What a recovering account costs more, so that it gets its load back step by step: as much again as its own first
 * token at a tenth of its share, nothing at its whole.
 *
 *   slow start = (1 - share) x ttft
 */
export function slowStartCost(share: number, ttftMs: number): number {
  return (1 - share) * ttftMs
}
