import type { Account } from '../accounts.ts'
import { sealContent } from '../encrypted-content.ts'
import type { Exchange } from '../exchange.ts'
import { estimateTokens } from '../prompt-cache.ts'
import { checkInput } from './check-response.ts'
import { conversationItems } from './conversation-items.ts'
import { charge, checkModel, type JsonBody, paceOf, whenGenerated } from './generation.ts'
import { answerJson, epochSeconds } from './owned-object.ts'
import { promptItems } from './prompt-items.ts'
import { resolvePrompt } from './prompt-origin.ts'
import { checkReferences } from './references.ts'
import { responseUsage } from './response-object.ts'

const MAX_CHAIN = 10_000

/**
 * `POST /v1/responses/compact`: all user messages so far, then one compaction item, whose content only this account
 * accepts. Nothing is stored.
 */
export function compactResponse(exchange: Exchange, body: JsonBody): void {
  const problem = checkModel(exchange, body) ?? checkInput(body)
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

  const { account } = exchange
  const model = body['model'] as string
  const sealed = sealContent(account.key)
  const items = promptItems(body['input'], body['instructions'])
  const reading = account.promptCache.read(model, origin.context, items)
  const use = { ...reading, outputTokens: estimateTokens(sealed) }
  if (!charge(exchange, model, use)) return
  const id = exchange.world.nextId('resp_')
  exchange.record.responseId = id
  whenGenerated(exchange, paceOf(exchange, use), use.outputTokens, () => {
    const output = compactedOutput(exchange, body, sealed)
    const usage = responseUsage(use, exchange.dialect)
    const created_at = epochSeconds(exchange)
    answerJson(exchange, { id, object: 'response.compaction', created_at, output, usage })
  })
}

function compactedOutput(exchange: Exchange, body: JsonBody, sealed: string): object[] {
  const said = [...chainInput(exchange.account, body['previous_response_id']), body['input']]
  const messages = said.flatMap(input => conversationItems(exchange, input))
  const users = messages.filter(item => item['role'] === 'user')
  const id = exchange.world.nextId('cmp_')
  return [...users, { id, type: 'compaction', encrypted_content: sealed }]
}

/** The inputs of a chain of responses, as far as they are remembered, oldest first. */
function chainInput(account: Account, lastId: unknown): unknown[] {
  const inputs: unknown[] = []
  let id = lastId
  while (typeof id === 'string' && inputs.length < MAX_CHAIN) {
    const body: JsonBody | undefined = account.stored.get(id)?.draft.body
    if (body === undefined) break
    inputs.unshift(body['input'])
    id = body['previous_response_id']
  }
  return inputs
}
