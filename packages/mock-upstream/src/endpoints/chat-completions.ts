import { type ApiError, invalidType, missingParameter } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { composeReply, type Reply } from '../reply-text.ts'
import { chatScript } from '../stream/chat-events.ts'
import { CHOICE_FILTER, PROMPT_FILTER } from '../stream/content-filter.ts'
import { StreamPump } from '../stream/stream-pump.ts'
import {
  charge,
  checkModel,
  type JsonBody,
  paceOf,
  type TokenUse,
  tokenLimit,
  whenGenerated,
} from './generation.ts'
import { lastUserText, promptItems } from './prompt-items.ts'
import { keepChat } from './stored-chat.ts'

/** `POST /v1/chat/completions`, JSON or SSE. */
export function createChatCompletion(exchange: Exchange, body: JsonBody): void {
  const problem = checkModel(exchange, body) ?? checkMessages(body)
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  const model = body['model'] as string
  const { account } = exchange
  const items = promptItems(body['messages'])
  const reading = account.promptCache.read(model, null, items)
  const reply = composeReply({
    accountName: account.name,
    turn: reading.context.turn,
    userText: lastUserText(items),
    outputTokens: account.profile.outputTokens,
    maxTokens: tokenLimit(body['max_completion_tokens'] ?? body['max_tokens']),
  })
  const use = { ...reading, outputTokens: reply.tokens.length }
  if (!charge(exchange, model, use)) return
  account.promptCache.finish(reading, reply.text, use.outputTokens)
  const id = exchange.world.nextId('chatcmpl-')
  exchange.record.responseId = id
  const chat = { id, created: Math.floor(exchange.now() / 1000), model, reply }
  const pace = paceOf(exchange, use)
  if (body['stream'] !== true) {
    whenGenerated(exchange, pace, use.outputTokens, () => {
      const completion = completionObject(exchange, chat, use)
      keepChat(exchange, body, () => completion)
      exchange.json(200, JSON.stringify(completion))
    })
    return
  }
  const { include_usage: wantsUsage } = (body['stream_options'] ?? {}) as { include_usage?: unknown }
  const usage = wantsUsage === true ? chatUsage(use, exchange.dialect) : null
  if (exchange.dialect.contentFilter) exchange.wording = { ...exchange.wording, firstDelta: 2 }
  exchange.openStream()
  const onEnd = () => keepChat(exchange, body, () => completionObject(exchange, chat, use))
  new StreamPump(exchange, chatScript(exchange, { ...chat, usage, onEnd }), pace).start()
}

function checkMessages({ messages }: JsonBody): ApiError | null {
  if (messages === undefined || messages === null) return missingParameter('messages')
  if (!Array.isArray(messages)) return invalidType('messages', 'an array of objects')
  return messages.length === 0 ? invalidType('messages', 'an array with at least one message') : null
}

interface Completion {
  readonly id: string
  readonly created: number
  readonly model: string
  readonly reply: Reply
}

function completionObject({ dialect }: Exchange, { id, created, model, reply }: Completion, use: TokenUse) {
  const message = { role: 'assistant', content: reply.text, refusal: null, annotations: [] }
  const finish_reason = reply.truncated ? 'length' : 'stop'
  const choice = { index: 0, message, logprobs: null, finish_reason }
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [dialect.contentFilter ? { ...choice, ...CHOICE_FILTER } : choice],
    ...(dialect.contentFilter && PROMPT_FILTER),
    usage: chatUsage(use, dialect),
    service_tier: 'default',
    system_fingerprint: 'fp_mock',
  }
}

function chatUsage(use: TokenUse, { usageDetails }: { readonly usageDetails: boolean }): object {
  const { inputTokens, cachedTokens, outputTokens } = use
  const total_tokens = inputTokens + outputTokens
  if (!usageDetails) return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens }
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens,
    prompt_tokens_details: { cached_tokens: cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
