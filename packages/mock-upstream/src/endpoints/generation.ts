/** What every endpoint that generates does before it answers: model, limits, pace. */
import { type ApiError, missingParameter } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { chargeRateLimit } from '../rate-limit.ts'
import type { Pace } from '../stream/stream-pump.ts'

/** A parsed request body; nothing in it has been checked. */
export type JsonBody = { readonly [field: string]: unknown }

/** Whether the account serves a model: an exact name of its list, or one that ends with `*`. */
export function servesModel(exchange: Exchange, model: string): boolean {
  for (const name of modelsOf(exchange)) {
    if (name === model || (name.endsWith('*') && model.startsWith(name.slice(0, -1)))) return true
  }
  return false
}

/** The model list of the exchange's account. */
export function modelsOf({ account, world }: Exchange): readonly string[] {
  return account.profile.models ?? world.models
}

/** The refusal that a body's `model` earns, or null. */
export function checkModel(exchange: Exchange, body: JsonBody): ApiError | null {
  const { model } = body
  if (typeof model !== 'string' || model === '') return missingParameter('model')
  return servesModel(exchange, model) ? null : exchange.dialect.modelNotFound(model)
}

/** Tokens of one generation. */
export interface TokenUse {
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
}

/** Takes the generation from the account's buckets and counts it. False: a 429 has been answered. */
export function charge(exchange: Exchange, model: string, use: TokenUse): boolean {
  const { account } = exchange
  if (account.limiter !== null) {
    const wanted = { tokens: use.inputTokens + use.outputTokens, model, organization: account.organization }
    const refusal = chargeRateLimit(account.limiter, wanted, exchange.now())
    if (refusal !== null) {
      account.counters.rateLimited += 1
      exchange.fail(refusal)
      return false
    }
  }
  account.counters.inputTokens += use.inputTokens
  account.counters.cachedTokens += use.cachedTokens
  account.counters.outputTokens += use.outputTokens
  return true
}

/** When the tokens of this reply leave; draws the jitter. */
export function paceOf(exchange: Exchange, use: TokenUse): Pace {
  const {
    ttftMs = 0,
    ttftJitter = 0,
    prefillTokensPerSecond = 0,
    tokensPerSecond = 0,
  } = exchange.account.profile
  const spread = ttftJitter === 0 ? 1 : 1 + ttftJitter * (2 * exchange.world.random() - 1)
  const prefillMs =
    prefillTokensPerSecond === 0 ? 0 : ((use.inputTokens - use.cachedTokens) * 1000) / prefillTokensPerSecond
  return { firstTokenMs: ttftMs * spread + prefillMs, tokensPerSecond }
}

/** Runs `answer` when a reply that is not streamed would be complete. */
export function whenGenerated(
  exchange: Exchange,
  pace: Pace,
  outputTokens: number,
  answer: () => void,
): void {
  const delayMs = generationMs(pace, outputTokens)
  if (delayMs === 0) answer()
  else exchange.after(delayMs, answer)
}

/** How long a whole reply takes. */
export function generationMs(pace: Pace, outputTokens: number): number {
  const decodeMs = pace.tokensPerSecond === 0 ? 0 : ((outputTokens - 1) * 1000) / pace.tokensPerSecond
  return pace.firstTokenMs + decodeMs
}

/** A token limit of the body, when it is one. */
export function tokenLimit(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 1 ? Math.floor(value) : undefined
}
