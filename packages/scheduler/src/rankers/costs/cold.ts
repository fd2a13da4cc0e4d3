/** What leaving costs however short the prompt: a session changes its account for a reason, not for a difference of noise. */
const LEAVING_MS = 100
/** And of what its first token takes: noise grows with the time itself. */
const LEAVING_SHARE = 0.1

/** A request's uncached prompt at one account. */
export interface ColdPrompt {
  readonly uncachedTokens: number
  /** The session is warm, but not here. */
  readonly leaving: boolean
  /** The fleet's time to its first token. */
  readonly lineMs: number
}

/**
 * What reading the uncached part of the prompt again costs beyond the wait for it: money, the account's token limit, and
 * the time of everyone else it serves meanwhile.
 *
 *   cold = c x b1 x uncached + (100 ms + 0.1 x (b0 + b1 x uncached)) where the session is warm, but not here
 */
export function coldCost(weight: number, perTokenMs: number, prompt: ColdPrompt): number {
  const { uncachedTokens, leaving, lineMs } = prompt
  return (
    weight * perTokenMs * uncachedTokens + (weight > 0 && leaving ? LEAVING_MS + LEAVING_SHARE * lineMs : 0)
  )
}
