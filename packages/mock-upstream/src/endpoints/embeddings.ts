import { type ApiError, invalidType, invalidValue, missingParameter } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { estimateTokens } from '../prompt-cache.ts'
import { createRandom, hashText } from '../random.ts'
import { charge, checkModel, type JsonBody, paceOf, whenGenerated } from './generation.ts'

/** The most inputs that the real API takes at once. */
const MAX_INPUTS = 2048
const MAX_DIMENSIONS = 3072

/** `POST /v1/embeddings`: a vector of length 1 that depends on the text alone, the same at every account. */
export function createEmbeddings(exchange: Exchange, body: JsonBody): void {
  const problem = checkModel(exchange, body) ?? checkEmbeddings(body)
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  const model = body['model'] as string
  const inputs = embeddingInputs(body['input'])
  const inputTokens = inputs.reduce((sum, input) => sum + (input.tokens ?? estimateTokens(input.text)), 0)
  const use = { inputTokens, cachedTokens: 0, outputTokens: 0 }
  if (!charge(exchange, model, use)) return
  const dimensions = (body['dimensions'] as number | undefined) ?? (model.includes('large') ? 3072 : 1536)
  const asBase64 = body['encoding_format'] === 'base64'
  whenGenerated(exchange, paceOf(exchange, use), 1, () => {
    const data = inputs.map(({ text }, index) => {
      const vector = embed(text, dimensions)
      const embedding = asBase64 ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector)
      return { object: 'embedding', index, embedding }
    })
    const usage = { prompt_tokens: inputTokens, total_tokens: inputTokens }
    exchange.json(200, JSON.stringify({ object: 'list', data, model, usage }))
  })
}

function checkEmbeddings(body: JsonBody): ApiError | null {
  const { input, dimensions, encoding_format: format } = body
  if (input === undefined || input === null) return missingParameter('input')
  if (typeof input !== 'string' && !Array.isArray(input)) return invalidType('input', 'a string or an array')
  if (input.length === 0) return invalidValue('input', 'input cannot be empty.')
  if (typeof input !== 'string' && typeof input[0] !== 'number' && input.length > MAX_INPUTS) {
    return invalidValue('input', `at most ${MAX_INPUTS} inputs.`)
  }
  const whole = Number.isInteger(dimensions) && (dimensions as number) >= 1
  if (dimensions != null && !(whole && (dimensions as number) <= MAX_DIMENSIONS)) {
    return invalidValue('dimensions', `a whole number from 1 to ${MAX_DIMENSIONS}.`)
  }
  if (format != null && format !== 'float' && format !== 'base64') {
    return invalidValue('encoding_format', "'float' or 'base64'.")
  }
  return null
}

interface EmbeddingInput {
  readonly text: string
  /** Known when the input came as token numbers. */
  readonly tokens: number | null
}

function embeddingInputs(input: unknown): EmbeddingInput[] {
  if (typeof input === 'string') return [{ text: input, tokens: null }]
  const list = input as unknown[]
  if (typeof list[0] === 'number') return [{ text: list.join(' '), tokens: list.length }]
  return list.map(item =>
    Array.isArray(item)
      ? { text: item.join(' '), tokens: item.length }
      : { text: String(item), tokens: null },
  )
}

function embed(text: string, dimensions: number): Float32Array {
  const random = createRandom(hashText(text))
  const vector = new Float32Array(dimensions)
  let squares = 0
  for (let index = 0; index < dimensions; index++) {
    const value = 2 * random() - 1
    vector[index] = value
    squares += value * value
  }
  const scale = 1 / Math.sqrt(squares)
  for (let index = 0; index < dimensions; index++) vector[index]! *= scale
  return vector
}
