import type { HeaderList } from '../../wire/header-list.ts'

/** One rate as its client sees it. */
export interface RateState {
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until all of it is there again. */
  readonly resetMs: number
}

/** `x-ratelimit-limit-requests` and its like, as OpenAI's API sends them: clients read them already. */
export function rateHeaders(states: ReadonlyMap<'requests' | 'tokens', RateState>): HeaderList {
  return [...states].flatMap(([kind, { limit, remaining, resetMs }]): [string, string][] => [
    [`x-ratelimit-limit-${kind}`, String(limit)],
    [`x-ratelimit-remaining-${kind}`, String(remaining)],
    [`x-ratelimit-reset-${kind}`, formatReset(resetMs)],
  ])
}

/** `120ms`, `1.5s`, `1m0s`: the form of Go's durations, which that API uses. */
function formatReset(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 100) / 10
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${Math.round(seconds % 60)}s`
}
