/**
 * How unevenly the candidates are loaded: the standard deviation of their load rates, by moments, so that one
 * pass over the candidates is enough.
 *
 * Takes the sum, the sum of squares and the count; 0 for one candidate or none. Rounding may push the variance
 * of equal rates below zero, where it is clamped; the operations and their order are the reference's, which
 * makes the result equal to the last bit.
 */
export function loadSkewByMoments(sum: number, sumOfSquares: number, count: number): number {
  if (count <= 1) return 0
  const mean = sum / count
  const variance = sumOfSquares / count - mean * mean
  return variance > 0 ? Math.sqrt(variance) : 0
}
