/** The q-quantile of unsorted figures, nearest rank; NaN of none. */
export function percentile(figures: readonly number[], q: number): number {
  return quantiles(figures, [q])[0]!
}

/** Several quantiles of unsorted figures. */
export function quantiles(figures: readonly number[], qs: readonly number[]): number[] {
  const sorted = Float64Array.from(figures).sort()
  return qs.map(q => {
    if (sorted.length === 0) return Number.NaN
    return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!
  })
}
