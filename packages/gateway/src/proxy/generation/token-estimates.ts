import type { Usage } from '@headgate/scheduler'

/** What an estimate is made from. */
export interface EstimatedRequest {
  readonly model: string
  readonly body: Uint8Array
  /** `max_output_tokens` and its older names, when the request sets one. */
  readonly maxOutputTokens: number | undefined
}

/** Tokens a request is expected to bring and to take. */
export interface TokenEstimate {
  readonly input: number
  /** From an account's token limit: input and output. */
  readonly total: number
}

/** How many tokens requests will bring, and take from an account's token limit. */
export interface TokenEstimates {
  of(request: EstimatedRequest): TokenEstimate
  /** An answer of a model has been paid for. */
  learn(model: string, usage: Usage): void
}

/** English prose and JSON alike: OpenAI's own rule of thumb for its tokenizers ("1 token is about 4 characters"). */
const bytesPerToken = 4
/** An image or a file in the text of a body: what one costs at most at OpenAI in the usual sizes. */
const tokensPerInlineFile = 1000
/** Before the first answer of a model. */
const firstGuess = 256
const learningRate = 0.1
const maxModels = 1000
/** Below this a body holds no file worth looking for. */
const searchedBytes = 16 << 10

/**
 * estimate = text bytes / 4 + 1000 for each inline file + output, where output is the most the request allows, or,
 * when it sets no bound, the moving average (0.1) of what the model has put out so far.
 *
 * Upstreams count so themselves when a request arrives: OpenAI by its characters and its output bound, Azure by "prompt
 * text and count, and the max_tokens setting". The estimate is held back from an account's headroom until the
 * answer's headers say what is really left, so an error lives for one time to first byte. One division for a small
 * body, one search at memory speed for a large one.
 */
export function createTokenEstimates(): TokenEstimates {
  const outputs = new Map<string, number>()
  return {
    of({ model, body, maxOutputTokens }) {
      const output = maxOutputTokens ?? outputs.get(model) ?? firstGuess
      const input = inputTokens(body)
      return { input: Math.ceil(input), total: Math.ceil(input + output) }
    },
    learn(model, { outputTokens }) {
      const before = outputs.get(model)
      if (before === undefined && outputs.size >= maxModels) outputs.delete(outputs.keys().next().value!)
      const average = before === undefined ? outputTokens : before + learningRate * (outputTokens - before)
      outputs.set(model, average)
    },
  }
}

function inputTokens(body: Uint8Array): number {
  if (body.length < searchedBytes) return body.length / bytesPerToken
  const { bytes, files } = inlineFiles(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
  return (body.length - bytes) / bytesPerToken + files * tokensPerInlineFile
}

/** Data URLs: megabytes of base64 are not millions of tokens. */
function inlineFiles(body: Buffer): { readonly bytes: number; readonly files: number } {
  let bytes = 0
  let files = 0
  for (let at = body.indexOf(';base64,'); at !== -1; ) {
    const end = body.indexOf('"', at)
    if (end === -1) break
    bytes += end - at
    files++
    at = body.indexOf(';base64,', end)
  }
  return { bytes, files }
}
