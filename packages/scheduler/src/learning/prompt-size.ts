import type { ScheduleRequest } from '../model/request.ts'
import type { WarmPlace } from './warmth.ts'

/** A prompt of unknown size: neither the line nor the cache can say much, but health and load still do. */
export const UNKNOWN_INPUT_TOKENS = 1_000

/** Beyond any context window: a larger figure is a mistake, and must not bend the line for everyone. */
const MAX_TOKENS = 100_000_000

/** A figure that came from outside, within what tokens can be; `otherwise` where it is no number. */
export function tokensOf(told: number, otherwise: number): number {
  return Number.isNaN(told) ? otherwise : Math.min(MAX_TOKENS, Math.max(0, told))
}

/**
 * The prompt's tokens as far as they are known: as they are told; else as the request reserves of a token limit; else as
 * many as its session had the last time, because a turn begins with the one before; else as many as prompts usually have.
 */
export function inputTokensOf(
  { inputTokens, estimatedTokens = 0 }: ScheduleRequest,
  warm: readonly WarmPlace[],
  usualTokens: number,
): number {
  if (inputTokens !== undefined) return Math.min(MAX_TOKENS, inputTokens)
  if (estimatedTokens > 0) return Math.min(MAX_TOKENS, estimatedTokens)
  if (warm.length === 0) return usualTokens
  let tokens = 0
  for (const place of warm) tokens = Math.max(tokens, place.tokens)
  return tokens
}

/** What a request may put out, as far as it is known. */
export function outputTokensOf({ estimatedTokens = 0 }: ScheduleRequest, inputTokens: number): number {
  return Math.min(MAX_TOKENS, Math.max(0, estimatedTokens - inputTokens))
}
