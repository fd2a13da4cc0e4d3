import { type ApiError, invalidType } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { fileNotFound, vectorStoreNotFound } from '../not-found-errors.ts'
import { NEWEST_FIRST } from '../page.ts'
import type { JsonBody } from './generation.ts'
import {
  answerDeletion,
  answerJson,
  answerList,
  answerNew,
  answerObject,
  epochSeconds,
  findObject,
  type ObjectKind,
} from './owned-object.ts'

/** A vector store as its account keeps it; nothing is indexed. */
export interface VectorStoreRecord {
  readonly id: string
  readonly createdAt: number
  readonly fileIds: readonly string[]
  name: unknown
  metadata: unknown
}

const VECTOR_STORES: ObjectKind<VectorStoreRecord> = {
  shelf: ({ account }) => account.objects.vectorStores,
  notFound: id => vectorStoreNotFound(id),
  view: vectorStoreObject,
  deleted: 'vector_store.deleted',
}

/** `POST /v1/vector_stores`, of files of this account. */
export function createVectorStore(exchange: Exchange, body: JsonBody): void {
  const fileIds = body['file_ids'] ?? []
  const problem = checkFileIds(exchange, fileIds)
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  const object: VectorStoreRecord = {
    id: exchange.world.nextId('vs_'),
    createdAt: epochSeconds(exchange),
    fileIds: fileIds as string[],
    name: body['name'] ?? null,
    metadata: body['metadata'] ?? {},
  }
  answerNew(exchange, VECTOR_STORES, { object, size: exchange.bodyBytes + 500 })
}

/** `GET /v1/vector_stores`. */
export function listVectorStores(exchange: Exchange): void {
  answerList(exchange, VECTOR_STORES.shelf(exchange).list().map(vectorStoreObject), NEWEST_FIRST)
}

/** `GET /v1/vector_stores/{id}`. */
export function retrieveVectorStore(exchange: Exchange): void {
  answerObject(exchange, VECTOR_STORES)
}

/** `POST /v1/vector_stores/{id}`: name and metadata. */
export function updateVectorStore(exchange: Exchange, body: JsonBody): void {
  const store = findObject(exchange, VECTOR_STORES)
  if (store === null) return
  if (body['name'] !== undefined) store.name = body['name']
  if (body['metadata'] !== undefined) store.metadata = body['metadata']
  VECTOR_STORES.shelf(exchange).put(store, exchange.bodyBytes + 500)
  answerJson(exchange, vectorStoreObject(store))
}

/** `DELETE /v1/vector_stores/{id}`. */
export function deleteVectorStore(exchange: Exchange): void {
  answerDeletion(exchange, VECTOR_STORES)
}

function checkFileIds(exchange: Exchange, fileIds: unknown): ApiError | null {
  if (!Array.isArray(fileIds) || fileIds.some(id => typeof id !== 'string'))
    return invalidType('file_ids', 'an array of strings')
  const missing = fileIds.find(id => exchange.account.objects.files.get(id) === undefined)
  return missing === undefined ? null : fileNotFound(missing, 'file_ids')
}

function vectorStoreObject({ id, createdAt, fileIds, name, metadata }: VectorStoreRecord) {
  const total = fileIds.length
  return {
    ...{ id, object: 'vector_store', created_at: createdAt, name, usage_bytes: 0, status: 'completed' },
    file_counts: { in_progress: 0, completed: total, failed: 0, cancelled: 0, total },
    ...{ expires_after: null, expires_at: null, last_active_at: createdAt, metadata },
  }
}
