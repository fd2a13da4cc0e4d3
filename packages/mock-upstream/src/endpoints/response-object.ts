import { sealContent } from '../encrypted-content.ts'
import type { Exchange } from '../exchange.ts'
import type { Reply } from '../reply-text.ts'
import type { JsonBody, TokenUse } from './generation.ts'

/** A response under way: what its object and its events are made from. */
export interface ResponseDraft {
  readonly id: string
  readonly messageId: string
  /** What the client gave as `include: ["reasoning.encrypted_content"]` for; null when it did not ask. */
  readonly encryptedContent: string | null
  /** Usage has its details. */
  readonly usageDetails: boolean
  readonly createdAt: number
  readonly body: JsonBody
  readonly reply: Pick<Reply, 'text' | 'truncated'>
  readonly use: TokenUse
}

/** The response object of the API; only what the mock itself reads is typed. */
export interface ResponseObject {
  readonly id: string
  readonly status: string
  readonly [field: string]: unknown
}

/** How far a response has come. */
export type ResponseState =
  | { readonly status: 'queued' | 'in_progress' | 'cancelled' }
  | { readonly status: 'done'; readonly atMs: number }
  | { readonly status: 'failed'; readonly error: { readonly code: string; readonly message: string } }

/** Drafts a response for this exchange. */
export function draftResponse(
  exchange: Exchange,
  body: JsonBody,
  reply: Reply,
  use: TokenUse,
): ResponseDraft {
  // Items carry the id of their response, so that a reference to one finds it without a table.
  const suffix = exchange.world.nextId('')
  const { include } = body
  const sealed = Array.isArray(include) && include.includes('reasoning.encrypted_content')
  return {
    id: `resp_${suffix}`,
    messageId: `msg_${suffix}`,
    encryptedContent: sealed ? sealContent(exchange.account.key) : null,
    usageDetails: exchange.dialect.usageDetails,
    createdAt: Math.floor(exchange.now() / 1000),
    body,
    reply: { text: reply.text, truncated: reply.truncated },
    use,
  }
}

/** The object as it is sent and stored in a state; request fields are echoed, absent ones have the API's defaults. */
export function responseObject(draft: ResponseDraft, state: ResponseState): ResponseObject {
  const { body, reply, createdAt } = draft
  const done = state.status === 'done'
  return {
    id: draft.id,
    object: 'response',
    created_at: createdAt,
    status: done ? (reply.truncated ? 'incomplete' : 'completed') : state.status,
    background: body['background'] ?? false,
    completed_at: done && !reply.truncated ? Math.floor(state.atMs / 1000) : null,
    error: state.status === 'failed' ? state.error : null,
    incomplete_details: done && reply.truncated ? { reason: 'max_output_tokens' } : null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    max_tool_calls: body['max_tool_calls'] ?? null,
    model: body['model'],
    output: done ? outputItems(draft) : [],
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: body['previous_response_id'] ?? null,
    ...(body['conversation'] != null && { conversation: { id: conversationId(body) } }),
    prompt_cache_key: body['prompt_cache_key'] ?? null,
    reasoning: body['reasoning'] ?? { effort: null, summary: null },
    safety_identifier: body['safety_identifier'] ?? null,
    service_tier: body['service_tier'] ?? 'default',
    store: body['store'] ?? true,
    temperature: body['temperature'] ?? 1,
    text: body['text'] ?? { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_logprobs: body['top_logprobs'] ?? 0,
    top_p: body['top_p'] ?? 1,
    truncation: body['truncation'] ?? 'disabled',
    usage: done ? responseUsage(draft.use, draft) : null,
    user: body['user'] ?? null,
    metadata: body['metadata'] ?? {},
  }
}

/** The text part of the message. */
export function textPart(text: string): object {
  return { type: 'output_text', annotations: [], logprobs: [], text }
}

/** The id of the conversation that a body names, as a string or as an object. */
export function conversationId({ conversation }: JsonBody): unknown {
  return typeof conversation === 'object' ? (conversation as { id?: unknown } | null)?.id : conversation
}

/** The whole output: the reasoning, when its encrypted content was asked for, and the message. */
export function outputItems(draft: ResponseDraft): OutputItem[] {
  const reasoning = reasoningItem(draft)
  return reasoning === null ? [messageItem(draft)] : [reasoning, messageItem(draft)]
}

/** An item of the output; only its id is typed. */
export interface OutputItem {
  readonly id: string
  readonly [field: string]: unknown
}

/** The reasoning that a client without storage hands back, or null when it did not ask for it. */
export function reasoningItem({ messageId, encryptedContent }: ResponseDraft): OutputItem | null {
  if (encryptedContent === null) return null
  const id = `rs_${messageId.slice('msg_'.length)}`
  return { id, type: 'reasoning', summary: [], encrypted_content: encryptedContent }
}

/** The ids that the input items of a response are listed under. */
export function inputItemIds({ id, body }: ResponseDraft): string[] {
  const count = Array.isArray(body['input']) ? body['input'].length : 1
  return Array.from({ length: count }, (_, index) => `msg_${id.slice('resp_'.length)}_${index}`)
}

/** The one message of the output, complete. */
export function messageItem({ messageId, reply }: ResponseDraft): OutputItem {
  return {
    id: messageId,
    type: 'message',
    status: reply.truncated ? 'incomplete' : 'completed',
    content: [textPart(reply.text)],
    role: 'assistant',
  }
}

/** The usage object of the Responses API; old and small servers leave out the details. */
export function responseUsage(use: TokenUse, { usageDetails }: { readonly usageDetails: boolean }): object {
  const { inputTokens, cachedTokens, outputTokens } = use
  const total_tokens = inputTokens + outputTokens
  if (!usageDetails) return { input_tokens: inputTokens, output_tokens: outputTokens, total_tokens }
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: inputTokens - cachedTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens,
  }
}
