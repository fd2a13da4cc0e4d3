import type { Usage } from '@headgate/scheduler'

/**
 * Token counts out of a `usage` object of the Responses, Chat Completions or Embeddings API; details are optional
 * everywhere. Anything that is not a sane count is 0: an upstream's figures are never taken on trust.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const usage = value as Record<string, unknown>
  const details = usage['input_tokens_details'] ?? usage['prompt_tokens_details']
  const cached =
    typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : undefined
  return {
    inputTokens: count(usage['input_tokens'] ?? usage['prompt_tokens']),
    cachedTokens: count(cached?.['cached_tokens']),
    outputTokens: count(usage['output_tokens'] ?? usage['completion_tokens']),
  }
}

function count(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value <= 1e12 ? Math.floor(value) : 0
}
