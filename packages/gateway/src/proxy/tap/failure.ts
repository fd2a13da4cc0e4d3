/** A failure an upstream told inside a 2xx answer. */
export interface InBandFailure {
  readonly code: string | undefined
  readonly type: string | undefined
  /** The upstream's own words: for the operator's log, never for a client. */
  readonly message: string
  /** When what ran out is there again, as usage limits tell it: an epoch, or a time from now, in milliseconds. */
  readonly resetsAtMs: number | undefined
  readonly resetsInMs: number | undefined
}

/** Reads an error object in any of its shapes; codes may be numbers (vLLM, OpenRouter). */
export function readFailure(value: unknown): InBandFailure {
  const error = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  return {
    code: label(error['code']),
    type: label(error['type']),
    message: typeof error['message'] === 'string' ? error['message'].slice(0, 500) : '',
    resetsAtMs: milliseconds(error['resets_at']),
    resetsInMs: milliseconds(error['resets_in_seconds']),
  }
}

function milliseconds(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && seconds > 0 && seconds < 1e11 ? seconds * 1000 : undefined
}

function label(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' && value.length <= 128 ? value : undefined
}
