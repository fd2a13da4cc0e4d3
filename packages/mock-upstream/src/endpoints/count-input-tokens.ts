import type { Exchange } from '../exchange.ts'
import { checkInput } from './check-response.ts'
import { checkModel, type JsonBody } from './generation.ts'
import { answerJson } from './owned-object.ts'
import { promptItems } from './prompt-items.ts'
import { resolvePrompt } from './prompt-origin.ts'
import { checkReferences } from './references.ts'

/** `POST /v1/responses/input_tokens`: what a create with this body would read. Costs nothing and warms nothing. */
export function countInputTokens(exchange: Exchange, body: JsonBody): void {
  const problem = (body['model'] == null ? null : checkModel(exchange, body)) ?? checkInput(body)
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  const origin = resolvePrompt(exchange, body)
  if ('status' in origin) {
    exchange.fail(origin)
    return
  }
  const refusal = checkReferences(exchange, body)
  if (refusal !== null) {
    exchange.fail(refusal)
    return
  }
  const items = [...promptItems(origin.items, body['instructions']), ...promptItems(body['input'])]
  const { inputTokens } = exchange.account.promptCache.read(String(body['model']), origin.context, items)
  answerJson(exchange, { object: 'response.input_tokens', input_tokens: inputTokens })
}
