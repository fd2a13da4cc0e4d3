import { type ApiError, invalidType } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { chatCompletionNotFound } from '../not-found-errors.ts'
import type { PageDefaults } from '../page.ts'
import type { JsonBody } from './generation.ts'
import {
  answerDeletion,
  answerJson,
  answerList,
  answerObject,
  findObject,
  type ObjectKind,
} from './owned-object.ts'

/** A chat completion kept because its request said `store: true`. */
export interface StoredChat {
  readonly id: string
  /** The completion as it was answered. */
  readonly completion: { readonly id: string; readonly model: string }
  readonly messages: readonly unknown[]
  readonly size: number
  metadata: { readonly [key: string]: unknown }
}

/** Unlike most lists of the API, this one has its oldest object first. */
const OLDEST_FIRST: PageDefaults = { order: 'asc', limit: 20, maxLimit: 100 }

const CHATS: ObjectKind<StoredChat> = {
  shelf: ({ account }) => account.objects.chats,
  notFound: chatCompletionNotFound,
  view: chatObject,
  deleted: 'chat.completion.deleted',
}

/** Keeps a completion, when its request asks for that and the account can. */
export function keepChat(exchange: Exchange, body: JsonBody, make: () => StoredChat['completion']): void {
  if (body['store'] !== true || !exchange.dialect.stores(exchange.account)) return
  const completion = make()
  const size = exchange.bodyBytes + 500
  const metadata = (body['metadata'] ?? {}) as StoredChat['metadata']
  const messages = body['messages'] as unknown[]
  CHATS.shelf(exchange).put({ id: completion.id, completion, messages, size, metadata }, size)
}

/** `GET /v1/chat/completions`, of one `model` or with some `metadata` when asked. */
export function listChats(exchange: Exchange): void {
  const { query } = exchange
  const model = query.get('model')
  const wanted = [...query].flatMap(([name, value]) => {
    const key = /^metadata\[(.*)\]$/.exec(name)?.[1]
    return key === undefined ? [] : [{ key, value }]
  })
  const chats = CHATS.shelf(exchange).list()
  const matching = chats.filter(
    ({ completion, metadata }) =>
      (model === null || completion.model === model) &&
      wanted.every(({ key, value }) => metadata[key] === value),
  )
  answerList(exchange, matching.map(chatObject), OLDEST_FIRST)
}

/** `GET /v1/chat/completions/{id}`. */
export function retrieveChat(exchange: Exchange): void {
  answerObject(exchange, CHATS)
}

/** `POST /v1/chat/completions/{id}`: replaces the metadata. */
export function updateChat(exchange: Exchange, { metadata }: JsonBody): void {
  const chat = findObject(exchange, CHATS)
  if (chat === null) return
  const problem = checkMetadata(metadata)
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  chat.metadata = (metadata ?? {}) as StoredChat['metadata']
  answerJson(exchange, chatObject(chat))
}

/** `DELETE /v1/chat/completions/{id}`. */
export function deleteChat(exchange: Exchange): void {
  answerDeletion(exchange, CHATS)
}

/** `GET /v1/chat/completions/{id}/messages`: what was asked, not the reply. */
export function listChatMessages(exchange: Exchange): void {
  const chat = findObject(exchange, CHATS)
  if (chat === null) return
  const messages = chat.messages.map((message, index) => {
    const given = typeof message === 'object' && message !== null ? message : { content: message }
    return { name: null, content_parts: null, ...given, id: `${chat.id}-${index}` }
  })
  answerList(exchange, messages, OLDEST_FIRST)
}

function checkMetadata(metadata: unknown): ApiError | null {
  const fits = metadata === null || (typeof metadata === 'object' && !Array.isArray(metadata))
  return fits ? null : invalidType('metadata', 'an object')
}

function chatObject({ completion, metadata }: StoredChat) {
  return { ...completion, metadata }
}
