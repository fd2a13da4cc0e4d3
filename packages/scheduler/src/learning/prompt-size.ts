import type { ScheduleRequest } from '../model/request.ts'

/** A prompt of unknown size: neither the line nor the cache can say much, but health and load still do. */
const UNKNOWN_INPUT_TOKENS = 1_000

/** Beyond any context window: a larger figure is a mistake, and must not bend the line for everyone. */
const MAX_TOKENS = 100_000_000

/** A figure that came from outside, within what tokens can be; `otherwise` where it is no number. */
export function tokensOf(told: number, otherwise: number): number {
  return Number.isNaN(told) ? otherwise : Math.min(MAX_TOKENS, Math.max(0, told))
}

/** The prompt's tokens as far as they are known. */
export function inputTokensOf({ inputTokens = UNKNOWN_INPUT_TOKENS }: ScheduleRequest): number {
  return Math.min(MAX_TOKENS, inputTokens)
}

/** What a request may put out, as far as it is known. */
export function outputTokensOf({
  estimatedTokens = 0,
  inputTokens = UNKNOWN_INPUT_TOKENS,
}: ScheduleRequest): number {
  return Math.min(MAX_TOKENS, Math.max(0, estimatedTokens - inputTokens))
}
