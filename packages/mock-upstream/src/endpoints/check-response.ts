import { vllmNoBackground } from '../dialects/vllm.ts'
import { type ApiError, invalidType, invalidValue, missingParameter } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { exclusiveParameters } from '../not-found-errors.ts'
import type { JsonBody } from './generation.ts'
import { conversationId } from './response-object.ts'

/** What a response may be asked to include. */
const INCLUDABLE = [
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
  'reasoning.encrypted_content',
  'message.output_text.logprobs',
]

/** The refusal that the fields of `POST /v1/responses` earn by themselves, or null. */
export function checkResponse(exchange: Exchange, body: JsonBody): ApiError | null {
  return checkInput(body) ?? checkInclude(body['include']) ?? checkBackground(exchange, body)
}

/** The refusal that `input` and what it continues earn, or null; both `compact` and `input_tokens` have them too. */
export function checkInput(body: JsonBody): ApiError | null {
  const { input, previous_response_id: previousId, conversation } = body
  if (input === undefined || input === null) {
    const known = previousId != null || conversation != null || body['prompt'] != null
    if (!known) return missingParameter('input')
  } else if (typeof input !== 'string' && !Array.isArray(input)) {
    return invalidType('input', 'a string or an array of input items')
  }
  if (previousId != null && typeof previousId !== 'string')
    return invalidType('previous_response_id', 'a string')
  if (conversation == null) return null
  if (typeof conversationId(body) !== 'string')
    return invalidType('conversation', 'a string, or an object with an id')
  return previousId == null ? null : exclusiveParameters()
}

function checkInclude(include: unknown): ApiError | null {
  if (include == null) return null
  if (!Array.isArray(include)) return invalidType('include', 'an array of strings')
  const unknown = include.some(name => !INCLUDABLE.includes(name))
  return unknown ? invalidValue('include', `supported values are ${INCLUDABLE.join(', ')}.`) : null
}

function checkBackground({ account, dialect }: Exchange, body: JsonBody): ApiError | null {
  if (body['background'] !== true) return null
  if (!dialect.stores(account)) return vllmNoBackground()
  return body['store'] === false ? invalidValue('background', 'background responses need store.') : null
}
