/** The q-quantile of unsorted figures, nearest rank; NaN of none. */
export function percentile(figures: readonly number[], q: number): number {
  const sorted = Float64Array.from(figures).sort()
  if (sorted.length === 0) return Number.NaN
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!
}
