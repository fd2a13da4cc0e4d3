import { type ApiError, invalidValue, missingParameter } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { batchNotFound, fileNotFound } from '../not-found-errors.ts'
import { NEWEST_FIRST } from '../page.ts'
import type { JsonBody } from './generation.ts'
import {
  answerJson,
  answerList,
  answerNew,
  epochSeconds,
  findObject,
  type ObjectKind,
} from './owned-object.ts'

/**
 * A batch as its account keeps it. It is never run: `validating` when made and `in_progress` once it has been looked
 * at; `cancelling` when cancelled and `cancelled` once that has been looked at.
 */
export interface BatchRecord {
  readonly id: string
  readonly createdAt: number
  readonly request: JsonBody
  status: 'validating' | 'in_progress' | 'cancelling' | 'cancelled'
  cancelledAt: number | null
}

const DAY_SECONDS = 86_400
const ENDPOINT_PATHS = ['/v1/responses', '/v1/chat/completions', '/v1/embeddings', '/v1/completions']

const BATCHES: ObjectKind<BatchRecord> = {
  shelf: ({ account }) => account.objects.batches,
  notFound: batchNotFound,
  view: batchObject,
  deleted: 'batch',
}

/** `POST /v1/batches`, over an input file of this account. */
export function createBatch(exchange: Exchange, body: JsonBody): void {
  const problem = checkBatch(exchange, body)
  if (problem !== null) {
    exchange.fail(problem)
    return
  }
  const object: BatchRecord = {
    id: exchange.world.nextId('batch_'),
    createdAt: epochSeconds(exchange),
    request: body,
    status: 'validating',
    cancelledAt: null,
  }
  answerNew(exchange, BATCHES, { object, size: exchange.bodyBytes + 500 })
}

/** `GET /v1/batches`. */
export function listBatches(exchange: Exchange): void {
  answerList(exchange, BATCHES.shelf(exchange).list().map(batchObject), NEWEST_FIRST)
}

/** `GET /v1/batches/{id}`. */
export function retrieveBatch(exchange: Exchange): void {
  const batch = findObject(exchange, BATCHES)
  if (batch === null) return
  if (batch.status === 'validating') batch.status = 'in_progress'
  if (batch.status === 'cancelling') batch.status = 'cancelled'
  answerJson(exchange, batchObject(batch))
}

/** `POST /v1/batches/{id}/cancel`. */
export function cancelBatch(exchange: Exchange): void {
  const batch = findObject(exchange, BATCHES)
  if (batch === null) return
  if (batch.cancelledAt === null) {
    batch.status = 'cancelling'
    batch.cancelledAt = epochSeconds(exchange)
  }
  answerJson(exchange, batchObject(batch))
}

function checkBatch(exchange: Exchange, body: JsonBody): ApiError | null {
  const { input_file_id: fileId, endpoint, completion_window: window } = body
  if (typeof fileId !== 'string') return missingParameter('input_file_id')
  if (!ENDPOINT_PATHS.includes(endpoint as string))
    return invalidValue('endpoint', `one of ${ENDPOINT_PATHS.join(', ')}.`)
  if (window !== '24h') return invalidValue('completion_window', "'24h'.")
  const known = exchange.account.objects.files.get(fileId) !== undefined
  return known ? null : { ...fileNotFound(fileId, 'input_file_id'), status: 400 }
}

function batchObject({ id, createdAt, request, status, cancelledAt }: BatchRecord) {
  return {
    ...{ id, object: 'batch', endpoint: request['endpoint'], errors: null },
    ...{ input_file_id: request['input_file_id'], completion_window: '24h', status },
    ...{ output_file_id: null, error_file_id: null, created_at: createdAt },
    in_progress_at: status === 'validating' ? null : createdAt,
    expires_at: createdAt + DAY_SECONDS,
    ...{ finalizing_at: null, completed_at: null, failed_at: null, expired_at: null },
    cancelling_at: cancelledAt,
    cancelled_at: status === 'cancelled' ? cancelledAt : null,
    request_counts: { total: 0, completed: 0, failed: 0 },
    metadata: request['metadata'] ?? null,
  }
}
