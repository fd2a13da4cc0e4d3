/**
 * Formats milliseconds the way Go's `time.Duration` prints itself, which is what `x-ratelimit-reset-*` carries:
 * `0s`, `120ms`, `1.5s`, `6m0s`, `1h0m0.25s`.
 */
export function formatGoDuration(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds))
  if (whole === 0) return '0s'
  if (whole < 1000) return `${whole}ms`
  const hours = Math.floor(whole / 3_600_000)
  const minutes = Math.floor((whole % 3_600_000) / 60_000)
  const seconds = (whole % 60_000) / 1000
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`
}
