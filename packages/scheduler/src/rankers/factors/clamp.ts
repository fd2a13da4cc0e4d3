/** Clamps into [0, 1]; NaN passes through, as in the reference. */
export function clamp01(value: number): number {
  return value < 0 ? 0 : Math.min(value, 1)
}
