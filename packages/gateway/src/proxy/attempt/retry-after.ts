import { type HeaderList, headerValue } from '../../wire/header-list.ts'

/** The longest cool-down taken on an upstream's word: beyond it the account is asked again. */
const maxRetryAfterMs = 60_000

/**
 * How long an upstream asks to be left alone, in milliseconds, from `retry-after-ms` or `retry-after` (seconds or
 * an HTTP date); capped at a minute. Undefined when it says nothing sane: negative, zero, past or unreadable.
 */
export function retryAfterMs(headers: HeaderList, nowWallMs: number): number | undefined {
  return (
    milliseconds(headerValue(headers, 'retry-after-ms')) ??
    seconds(headerValue(headers, 'retry-after'), nowWallMs)
  )
}

function milliseconds(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}(\.\d{1,9})?$/.test(value) ? bounded(Number(value)) : undefined
}

function seconds(value: string | undefined, nowWallMs: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,15}(\.\d{1,9})?$/.test(value)) return bounded(Number(value) * 1000)
  // The preferred form of an HTTP date and its obsolete ones all begin with the day's name.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value) || value.length > 64) return undefined
  return bounded(Date.parse(value) - nowWallMs)
}

/** Takes a wait on an upstream's word: not below 0, a minute at most. */
export function boundedMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : bounded(ms)
}

function bounded(ms: number): number | undefined {
  return ms > 0 ? Math.min(ms, maxRetryAfterMs) : undefined
}
