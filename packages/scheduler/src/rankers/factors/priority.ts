/**
 * 1 for the most urgent priority among the candidates, 0 for the least, linear between; 1 when there is but one.
 * Smaller numbers are more urgent.
 */
export function priorityFactor(priority: number, min: number, max: number): number {
  return max > min ? 1 - (priority - min) / (max - min) : 1
}
