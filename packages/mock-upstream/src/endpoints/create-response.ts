import type { Exchange } from '../exchange.ts'
import { composeReply } from '../reply-text.ts'
import { responsesScript } from '../stream/responses-events.ts'
import { StreamPump } from '../stream/stream-pump.ts'
import { checkResponse } from './check-response.ts'
import { followResponse } from './follow-response.ts'
import {
  charge,
  checkModel,
  generationMs,
  type JsonBody,
  paceOf,
  tokenLimit,
  whenGenerated,
} from './generation.ts'
import { lastUserText, promptItems } from './prompt-items.ts'
import { resolvePrompt } from './prompt-origin.ts'
import { checkReferences } from './references.ts'
import { draftResponse, responseObject } from './response-object.ts'
import { type ResponseRun, startRun } from './response-run.ts'
import { responsesWording } from './responses-wording.ts'

/** `POST /v1/responses`, JSON, SSE or in the background. */
export function createResponse(exchange: Exchange, given: JsonBody): void {
  const { account } = exchange
  const problem = checkModel(exchange, given) ?? checkResponse(exchange, given)
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  const stores = exchange.dialect.stores(account)
  const body = stores ? given : { ...given, store: false }
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

  const model = body['model'] as string
  const items = [...promptItems(origin.items, body['instructions']), ...promptItems(body['input'])]
  const reading = account.promptCache.read(model, origin.context, items)
  const reply = composeReply({
    accountName: account.name,
    turn: reading.context.turn,
    userText: lastUserText(items),
    outputTokens: account.profile.outputTokens,
    maxTokens: tokenLimit(body['max_output_tokens']),
  })
  const use = { ...reading, outputTokens: reply.tokens.length }
  if (!charge(exchange, model, use)) return
  const context = account.promptCache.finish(reading, reply.text, use.outputTokens)
  const draft = draftResponse(exchange, body, reply, use)
  exchange.record.responseId = draft.id
  const { conversation } = origin
  const run = startRun(exchange, { draft, pace: paceOf(exchange, use), context, conversation })
  if (body['background'] === true) runInBackground(exchange, run, reply.tokens.length)
  else answer(exchange, run, reply.tokens)
}

function answer(exchange: Exchange, { draft, pace, settle }: ResponseRun, tokens: readonly string[]): void {
  exchange.onAbort = () => settle({ status: 'cancelled' })
  exchange.wording = responsesWording(draft, settle)
  if (draft.body['stream'] === true) {
    exchange.openStream()
    new StreamPump(exchange, responsesScript(exchange, draft, { tokens, settle }), pace).start()
    return
  }
  whenGenerated(exchange, pace, tokens.length, () => {
    const done = { status: 'done', atMs: exchange.now() } as const
    exchange.json(200, JSON.stringify(responseObject(draft, done)))
    settle(done)
  })
}

/**
 * Finishes by the clock, whether or not a request is open: answers `queued` at once, or follows it as a stream.
 * `cancel` and `delete` stop it.
 */
function runInBackground(
  exchange: Exchange,
  { draft, pace, stored, settle }: ResponseRun,
  tokens: number,
): void {
  const { clock } = exchange.world
  stored!.state = { status: 'queued' }
  const timer = clock.setTimer(
    () => {
      delete stored!.cancel
      settle({ status: 'done', atMs: clock.now() })
    },
    generationMs(pace, tokens),
  )
  stored!.cancel = () => {
    clock.clearTimer(timer)
    delete stored!.cancel
    settle({ status: 'cancelled' })
  }
  if (draft.body['stream'] === true) followResponse(exchange, stored!, -1)
  else exchange.json(200, JSON.stringify(responseObject(draft, stored!.state)))
}
