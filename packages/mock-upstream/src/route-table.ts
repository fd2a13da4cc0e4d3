import type { Endpoint } from './endpoint-names.ts'

/** What is done with a request body: parsed, read as multipart as it arrives, or read and dropped. */
export type BodyKind = 'json' | 'form' | 'ignored'

/** One endpoint with an id in its path, or one that is not worth a place among the fixed paths. */
export interface RouteRow {
  readonly method: string
  /** Path below `/v1`, in segments; `{id}` and `{item}` stand for any segment that is not empty. */
  readonly segments: readonly string[]
  readonly endpoint: Endpoint
  readonly body: BodyKind
}

type Line = readonly [method: string, path: string, endpoint: Endpoint, body?: BodyKind]

const LINES: readonly Line[] = [
  ['GET', 'responses/{id}', 'responses.retrieve'],
  ['DELETE', 'responses/{id}', 'responses.delete'],
  ['POST', 'responses/{id}/cancel', 'responses.cancel'],
  ['GET', 'responses/{id}/input_items', 'responses.input_items'],
  ['POST', 'conversations', 'conversations.create', 'json'],
  ['GET', 'conversations/{id}', 'conversations.retrieve'],
  ['POST', 'conversations/{id}', 'conversations.update', 'json'],
  ['DELETE', 'conversations/{id}', 'conversations.delete'],
  ['POST', 'conversations/{id}/items', 'conversations.items.create', 'json'],
  ['GET', 'conversations/{id}/items', 'conversations.items.list'],
  ['GET', 'conversations/{id}/items/{item}', 'conversations.items.retrieve'],
  ['DELETE', 'conversations/{id}/items/{item}', 'conversations.items.delete'],
  ['GET', 'chat/completions/{id}', 'chat.completions.retrieve'],
  ['POST', 'chat/completions/{id}', 'chat.completions.update', 'json'],
  ['DELETE', 'chat/completions/{id}', 'chat.completions.delete'],
  ['GET', 'chat/completions/{id}/messages', 'chat.completions.messages'],
  ['POST', 'files', 'files.create', 'form'],
  ['GET', 'files', 'files.list'],
  ['GET', 'files/{id}', 'files.retrieve'],
  ['GET', 'files/{id}/content', 'files.content'],
  ['DELETE', 'files/{id}', 'files.delete'],
  ['POST', 'vector_stores', 'vector_stores.create', 'json'],
  ['GET', 'vector_stores', 'vector_stores.list'],
  ['GET', 'vector_stores/{id}', 'vector_stores.retrieve'],
  ['POST', 'vector_stores/{id}', 'vector_stores.update', 'json'],
  ['DELETE', 'vector_stores/{id}', 'vector_stores.delete'],
  ['POST', 'containers', 'containers.create', 'json'],
  ['GET', 'containers', 'containers.list'],
  ['GET', 'containers/{id}', 'containers.retrieve'],
  ['DELETE', 'containers/{id}', 'containers.delete'],
  ['POST', 'batches', 'batches.create', 'json'],
  ['GET', 'batches', 'batches.list'],
  ['GET', 'batches/{id}', 'batches.retrieve'],
  ['POST', 'batches/{id}/cancel', 'batches.cancel'],
]

/** The rows by the first segment of their path. */
export const ROUTE_ROWS: ReadonlyMap<string, readonly RouteRow[]> = Map.groupBy(
  LINES.map(([method, path, endpoint, body = 'ignored']) => {
    return { method, segments: path.split('/'), endpoint, body }
  }),
  row => row.segments[0]!,
)
