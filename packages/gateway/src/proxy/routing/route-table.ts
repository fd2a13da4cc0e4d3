// One table to be read at a glance: a path, and what each method does there.
import type { Binds } from '../ownership/binds.ts'
import { generation, type Operation, placed, stored } from './operation.ts'

/** A list over all that an account stores: refused, because accounts are shared by tenants. */
export type Refused = 'list'

/** One path and its methods. A segment in braces is an id; one that ends with `...}` takes any name of a model. */
export interface RouteEntry {
  readonly pattern: string
  readonly methods: Readonly<Record<string, Operation | Refused>>
}

const passThrough = generation('pass_through', undefined, 'plain')
/** New items, and what is in them, may come with any answer that shows some. */
const items: Binds = { answer: undefined, items: 'all' }
/** What a batch has put out is named when it is done. */
const outputs: Binds = { answer: undefined, items: 'none', outputs: true }
const deletes = { deletes: true } as const
const changes = { body: 'json' } as const

const responses: readonly RouteEntry[] = [
  { pattern: '/v1/responses', methods: { POST: generation('create_response', 'responses') } },
  { pattern: '/v1/responses/compact', methods: { POST: generation('compact_response', 'compact') } },
  {
    pattern: '/v1/responses/input_tokens',
    methods: { POST: generation('count_input_tokens', 'inputTokens') },
  },
  {
    pattern: '/v1/responses/{response_id}',
    methods: { GET: stored(['response'], { binds: items }), DELETE: stored(['response'], deletes) },
  },
  {
    pattern: '/v1/responses/{response_id}/cancel',
    methods: { POST: stored(['response'], { body: 'optional', binds: items }) },
  },
  {
    pattern: '/v1/responses/{response_id}/input_items',
    methods: { GET: stored(['response'], { binds: items }) },
  },
]

const conversations: readonly RouteEntry[] = [
  {
    pattern: '/v1/conversations',
    methods: { POST: placed('conversations', 'conversation', 'optional') },
  },
  {
    pattern: '/v1/conversations/{conversation_id}',
    methods: {
      GET: stored(['conversation']),
      POST: stored(['conversation'], changes),
      DELETE: stored(['conversation'], deletes),
    },
  },
  {
    pattern: '/v1/conversations/{conversation_id}/items',
    methods: {
      GET: stored(['conversation'], { binds: items }),
      POST: stored(['conversation'], { body: 'json', binds: items }),
    },
  },
  {
    pattern: '/v1/conversations/{conversation_id}/items/{item_id}',
    methods: {
      GET: stored(['conversation', 'item'], { binds: items }),
      DELETE: stored(['conversation', 'item'], deletes),
    },
  },
]

const chat: readonly RouteEntry[] = [
  {
    pattern: '/v1/chat/completions',
    methods: { GET: 'list', POST: generation('create_chat', 'chat', 'chat') },
  },
  {
    pattern: '/v1/chat/completions/{completion_id}',
    methods: {
      GET: stored(['chat_completion']),
      POST: stored(['chat_completion'], changes),
      DELETE: stored(['chat_completion'], deletes),
    },
  },
  {
    pattern: '/v1/chat/completions/{completion_id}/messages',
    methods: { GET: stored(['chat_completion']) },
  },
]

const files: readonly RouteEntry[] = [
  { pattern: '/v1/files', methods: { GET: 'list', POST: placed('files', 'file', 'form') } },
  {
    pattern: '/v1/files/{file_id}',
    methods: { GET: stored(['file']), DELETE: stored(['file'], deletes) },
  },
  { pattern: '/v1/files/{file_id}/content', methods: { GET: stored(['file'], { answer: 'bytes' }) } },
  { pattern: '/v1/batches', methods: { GET: 'list', POST: placed('batches', 'batch', 'json') } },
  { pattern: '/v1/batches/{batch_id}', methods: { GET: stored(['batch'], { binds: outputs }) } },
  {
    pattern: '/v1/batches/{batch_id}/cancel',
    methods: { POST: stored(['batch'], { body: 'optional', binds: outputs }) },
  },
]

const vectorStores: readonly RouteEntry[] = [
  {
    pattern: '/v1/vector_stores',
    methods: { GET: 'list', POST: placed('vectorStores', 'vector_store', 'optional') },
  },
  {
    pattern: '/v1/vector_stores/{vector_store_id}',
    methods: {
      GET: stored(['vector_store']),
      POST: stored(['vector_store'], changes),
      DELETE: stored(['vector_store'], deletes),
    },
  },
  {
    pattern: '/v1/vector_stores/{vector_store_id}/search',
    methods: { POST: stored(['vector_store'], changes) },
  },
  {
    pattern: '/v1/vector_stores/{vector_store_id}/files',
    methods: { GET: stored(['vector_store']), POST: stored(['vector_store'], changes) },
  },
  {
    // Deleting takes the file out of the store; the file itself stays.
    pattern: '/v1/vector_stores/{vector_store_id}/files/{file_id}',
    methods: {
      GET: stored(['vector_store', 'file']),
      POST: stored(['vector_store', 'file'], changes),
      DELETE: stored(['vector_store', 'file']),
    },
  },
  {
    pattern: '/v1/vector_stores/{vector_store_id}/files/{file_id}/content',
    methods: { GET: stored(['vector_store', 'file'], { answer: 'bytes' }) },
  },
  {
    pattern: '/v1/vector_stores/{vector_store_id}/file_batches',
    methods: {
      POST: stored(['vector_store'], { body: 'json', binds: { answer: 'batch', items: 'none' } }),
    },
  },
  {
    pattern: '/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}',
    methods: { GET: stored(['vector_store', 'batch']) },
  },
  {
    pattern: '/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel',
    methods: { POST: stored(['vector_store', 'batch'], { body: 'optional' }) },
  },
  {
    pattern: '/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/files',
    methods: { GET: stored(['vector_store', 'batch']) },
  },
]

const containers: readonly RouteEntry[] = [
  { pattern: '/v1/containers', methods: { GET: 'list', POST: placed('containers', 'container', 'json') } },
  {
    pattern: '/v1/containers/{container_id}',
    methods: { GET: stored(['container']), DELETE: stored(['container'], deletes) },
  },
  {
    pattern: '/v1/containers/{container_id}/files',
    methods: {
      GET: stored(['container'], { binds: { answer: undefined, items: 'none', list: 'file' } }),
      POST: stored(['container'], { body: 'form', binds: { answer: 'file', items: 'none' } }),
    },
  },
  {
    pattern: '/v1/containers/{container_id}/files/{file_id}',
    methods: { GET: stored(['container', 'file']), DELETE: stored(['container', 'file'], deletes) },
  },
  {
    pattern: '/v1/containers/{container_id}/files/{file_id}/content',
    methods: { GET: stored(['container', 'file'], { answer: 'bytes' }) },
  },
]

/** Known by name for their metrics label: they need no more than their model. */
const passedThrough = [
  '/v1/moderations',
  '/v1/images/generations',
  '/v1/audio/speech',
  '/v1/rerank',
  '/v1/score',
]

/** The same, with the model in a form. */
const forms = [
  '/v1/audio/transcriptions',
  '/v1/audio/translations',
  '/v1/images/edits',
  '/v1/images/variations',
]

const others: readonly RouteEntry[] = [
  { pattern: '/v1/embeddings', methods: { POST: generation('create_embeddings', 'embeddings') } },
  {
    pattern: '/v1/completions',
    methods: { POST: generation('create_completion', undefined, 'chat') },
  },
  ...passedThrough.map(pattern => ({ pattern, methods: { POST: passThrough } })),
  ...forms.map(pattern => ({
    pattern,
    methods: { POST: generation('model_form', undefined, 'plain') },
  })),
]

const models: readonly RouteEntry[] = [
  { pattern: '/v1/models', methods: { GET: { kind: 'list_models' } } },
  { pattern: '/v1/models/{model...}', methods: { GET: { kind: 'get_model' } } },
]

/** Every path that is served by name. */
export const routeTable: readonly RouteEntry[] = [
  ...responses,
  ...conversations,
  ...chat,
  ...files,
  ...vectorStores,
  ...containers,
  ...others,
  ...models,
]

/** What any other `POST /v1/...` is: as much of the API as a `model` in a JSON body is enough to serve. */
export const otherRoute = { pattern: '/v1/*', operation: passThrough } as const

/**
 * First segments below `/v1` that lead to things stored upstream and reached by ids which nobody here keeps: any
 * tenant could ask for any other's. They are refused by name, so that what is missing is said.
 */
export const refusedFamilies: ReadonlySet<string> = new Set([
  'assistants',
  'chatkit',
  'evals',
  'fine_tuning',
  'organization',
  'projects',
  'realtime',
  'skills',
  'threads',
  'uploads',
  'videos',
])
