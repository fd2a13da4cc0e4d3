/** What is left of a weight after a time, 2^(-passed / half-life): as a power of e, which costs a third. */
export function leftAfter(passedMs: number, halfLifeMs: number): number {
  return Math.exp((-Math.LN2 / halfLifeMs) * Math.max(0, passedMs))
}
