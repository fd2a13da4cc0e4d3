import {
  type ApiError,
  invalidType,
  invalidValue,
  missingParameter,
  previousResponseNotFound,
} from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import type { PromptContext } from '../prompt-cache.ts'
import { composeReply } from '../reply-text.ts'
import type { StoredResponse } from '../stored-responses.ts'
import { responsesScript } from '../stream/responses-events.ts'
import { StreamPump } from '../stream/stream-pump.ts'
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
import { draftResponse, type ResponseDraft, type ResponseState, responseObject } from './response-object.ts'
import { responsesWording } from './responses-wording.ts'

/** `POST /v1/responses`, JSON, SSE or in the background. */
export function createResponse(exchange: Exchange, body: JsonBody): void {
  const problem = checkModel(exchange, body) ?? checkResponse(body)
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  const { account } = exchange
  const model = body['model'] as string
  const previousId = (body['previous_response_id'] ?? null) as string | null
  const previous = previousId === null ? null : account.stored.get(previousId)
  if (previous === undefined) {
    exchange.fail(previousResponseNotFound(previousId!))
    return
  }

  const items = promptItems(body['input'], body['instructions'])
  const reading = account.promptCache.read(model, previous?.context ?? null, items)
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
  answer(exchange, draft, reply.tokens, context)
}

function answer(
  exchange: Exchange,
  draft: ResponseDraft,
  tokens: readonly string[],
  context: PromptContext,
): void {
  const { body } = draft
  const pace = paceOf(exchange, draft.use)
  if (body['background'] === true) {
    runInBackground(exchange, store(exchange, draft, context), generationMs(pace, tokens.length))
    return
  }
  // Stored from the start: the real service may keep what an aborted request had begun.
  const stored = body['store'] === false ? null : store(exchange, draft, context)
  const settle = (state: ResponseState) => {
    if (stored?.state.status === 'in_progress') stored.state = state
  }
  exchange.onAbort = () => settle({ status: 'cancelled' })
  exchange.wording = responsesWording(draft, settle)
  if (body['stream'] === true) {
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

function store(
  { account, bodyBytes }: Exchange,
  draft: ResponseDraft,
  context: PromptContext,
): StoredResponse {
  const size = bodyBytes + draft.reply.text.length
  const stored: StoredResponse = { draft, state: { status: 'in_progress' }, context, size }
  account.stored.put(stored)
  return stored
}

/** Answers `queued` at once and finishes by the clock, with no request open; `cancel` and `delete` stop it. */
function runInBackground(exchange: Exchange, stored: StoredResponse, durationMs: number): void {
  const { clock } = exchange.world
  stored.state = { status: 'queued' }
  const timer = clock.setTimer(() => {
    delete stored.cancel
    stored.state = { status: 'done', atMs: clock.now() }
  }, durationMs)
  stored.cancel = () => {
    clock.clearTimer(timer)
    delete stored.cancel
    stored.state = { status: 'cancelled' }
  }
  exchange.json(200, JSON.stringify(responseObject(stored.draft, stored.state)))
}

function checkResponse(body: JsonBody): ApiError | null {
  const { input, previous_response_id: previousId, conversation } = body
  if (input === undefined || input === null) {
    if (previousId == null && body['prompt'] == null) return missingParameter('input')
  } else if (typeof input !== 'string' && !Array.isArray(input)) {
    return invalidType('input', 'a string or an array of input items')
  }
  if (previousId != null && typeof previousId !== 'string')
    return invalidType('previous_response_id', 'a string')
  if (conversation != null) return invalidValue('conversation', 'this mock has no conversations.')
  if (body['background'] === true && body['stream'] === true) {
    return invalidValue('background', 'this mock does not stream background responses; leave out stream.')
  }
  if (body['background'] === true && body['store'] === false) {
    return invalidValue('background', 'background responses need store.')
  }
  return null
}
