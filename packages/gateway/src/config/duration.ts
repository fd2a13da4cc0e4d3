const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** The longest duration that may be configured: 24 days. Node's timers fire at once above 2^31-1 ms (24.8 days). */
export const maxDurationMs = 24 * 86_400_000

/** What a duration in the configuration looks like, for messages. */
export const durationUnits = 'ms, s, m, h or d, as in 250ms, 30s, 2m, 1h'

/** The same as a pattern, for the JSON Schema. */
export const durationPattern = /^\d{1,12}(?:ms|s|m|h|d)$/

/** Reads `30s`, `250ms`, `2m`, `1h`, `1d` as milliseconds; undefined for anything else. The range is the caller's business. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text)
  return match ? Number(match[1]) * unitMs[match[2]!]! : undefined
}

/** Writes milliseconds in the largest unit that needs no fraction: `90000` is `90s`, `60000` is `1m`. */
export function formatDuration(durationMs: number): string {
  const unit = ['d', 'h', 'm', 's'].find(name => durationMs > 0 && durationMs % unitMs[name]! === 0) ?? 'ms'
  return `${durationMs / unitMs[unit]!}${unit}`
}
