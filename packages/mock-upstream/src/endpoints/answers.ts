/** Which function answers which endpoint. */
import type { Endpoint } from '../endpoint-names.ts'
import type { Exchange } from '../exchange.ts'
import { cancelBatch, createBatch, listBatches, retrieveBatch } from './batches.ts'
import { createChatCompletion } from './chat-completions.ts'
import { compactResponse } from './compact-response.ts'
import { createContainer, deleteContainer, listContainers, retrieveContainer } from './containers.ts'
import {
  createConversationItems,
  deleteConversationItem,
  listConversationItems,
  retrieveConversationItem,
} from './conversation-item-endpoints.ts'
import {
  createConversation,
  deleteConversation,
  retrieveConversation,
  updateConversation,
} from './conversations.ts'
import { countInputTokens } from './count-input-tokens.ts'
import { createResponse } from './create-response.ts'
import { createEmbeddings } from './embeddings.ts'
import { issueEntraToken } from './entra-token.ts'
import { createFile, deleteFile, downloadFile, listFiles, retrieveFile } from './files.ts'
import type { JsonBody } from './generation.ts'
import { listModels, retrieveModel } from './models.ts'
import { deleteChat, listChatMessages, listChats, retrieveChat, updateChat } from './stored-chat.ts'
import { cancelResponse, deleteResponse, listInputItems, retrieveResponse } from './stored-response.ts'
import {
  createVectorStore,
  deleteVectorStore,
  listVectorStores,
  retrieveVectorStore,
  updateVectorStore,
} from './vector-stores.ts'
import { answerHealth, answerVersion } from './vllm-info.ts'

/** Answers one request; `body` is empty where the endpoint takes none. */
export type Answer = (exchange: Exchange, body: JsonBody) => void

/** The answer of every endpoint. */
export const ANSWERS: { readonly [endpoint in Endpoint]: Answer } = {
  'responses.create': createResponse,
  'responses.retrieve': retrieveResponse,
  'responses.delete': deleteResponse,
  'responses.cancel': cancelResponse,
  'responses.input_items': listInputItems,
  'responses.compact': compactResponse,
  'responses.input_tokens': countInputTokens,
  'conversations.create': createConversation,
  'conversations.retrieve': retrieveConversation,
  'conversations.update': updateConversation,
  'conversations.delete': deleteConversation,
  'conversations.items.create': createConversationItems,
  'conversations.items.list': listConversationItems,
  'conversations.items.retrieve': retrieveConversationItem,
  'conversations.items.delete': deleteConversationItem,
  'chat.completions': createChatCompletion,
  'chat.completions.list': listChats,
  'chat.completions.retrieve': retrieveChat,
  'chat.completions.update': updateChat,
  'chat.completions.delete': deleteChat,
  'chat.completions.messages': listChatMessages,
  embeddings: createEmbeddings,
  'models.list': listModels,
  'models.retrieve': retrieveModel,
  'files.create': createFile,
  'files.list': listFiles,
  'files.retrieve': retrieveFile,
  'files.content': downloadFile,
  'files.delete': deleteFile,
  'vector_stores.create': createVectorStore,
  'vector_stores.list': listVectorStores,
  'vector_stores.retrieve': retrieveVectorStore,
  'vector_stores.update': updateVectorStore,
  'vector_stores.delete': deleteVectorStore,
  'containers.create': createContainer,
  'containers.list': listContainers,
  'containers.retrieve': retrieveContainer,
  'containers.delete': deleteContainer,
  'batches.create': createBatch,
  'batches.list': listBatches,
  'batches.retrieve': retrieveBatch,
  'batches.cancel': cancelBatch,
  'entra.token': issueEntraToken,
  'vllm.health': answerHealth,
  'vllm.version': answerVersion,
  unknown: answerUnknown,
}

function answerUnknown(exchange: Exchange): void {
  const { dialect, request, route } = exchange
  const refuse = route.wrongMethod ? dialect.methodNotAllowed : dialect.unknownUrl
  exchange.fail(refuse(request.method!, request.url!))
}
