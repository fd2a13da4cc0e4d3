/** The endpoints by name: what faults select and what stats count. */
export type Endpoint =
  | 'responses.create'
  | 'responses.retrieve'
  | 'responses.delete'
  | 'responses.cancel'
  | 'responses.input_items'
  | 'chat.completions'
  | 'embeddings'
  | 'models.list'
  | 'models.retrieve'
  | 'unknown'

/** Every {@link Endpoint}. */
export const ENDPOINTS: readonly Endpoint[] = [
  'responses.create',
  'responses.retrieve',
  'responses.delete',
  'responses.cancel',
  'responses.input_items',
  'chat.completions',
  'embeddings',
  'models.list',
  'models.retrieve',
  'unknown',
]

/** Where a request goes. */
export interface Route {
  readonly endpoint: Endpoint
  /** Takes a JSON body, occupies one of the account's places and is charged to its rate limits. */
  readonly generates: boolean
  /** The id in the path, decoded; empty when there is none. */
  readonly id: string
  /** The path exists, but not with this method. */
  readonly wrongMethod: boolean
}

const CREATE_RESPONSE = fixed('responses.create', { generates: true })
const CHAT = fixed('chat.completions', { generates: true })
const EMBEDDINGS = fixed('embeddings', { generates: true })
const LIST_MODELS = fixed('models.list')
const UNKNOWN = fixed('unknown')
const WRONG_METHOD: Route = { ...UNKNOWN, wrongMethod: true }

const FIXED: { readonly [path: string]: { readonly method: string; readonly route: Route } } = {
  '/v1/responses': { method: 'POST', route: CREATE_RESPONSE },
  '/v1/chat/completions': { method: 'POST', route: CHAT },
  '/v1/embeddings': { method: 'POST', route: EMBEDDINGS },
  '/v1/models': { method: 'GET', route: LIST_MODELS },
}

/** Finds the endpoint of a method and a path without query. `/openai/v1/...`, Azure's spelling, is the same as `/v1/...`. */
export function matchRoute(method: string, path: string): Route {
  if (path.startsWith('/openai/')) path = path.slice('/openai'.length)
  const known = Object.hasOwn(FIXED, path) ? FIXED[path] : undefined
  if (known !== undefined) return known.method === method ? known.route : WRONG_METHOD
  const [, version, collection, id, action, ...rest] = path.split('/')
  if (version !== 'v1' || !id || rest.length > 0) return UNKNOWN
  if (collection === 'models')
    return withId('models.retrieve', path.slice('/v1/models/'.length), method === 'GET')
  if (collection !== 'responses') return UNKNOWN
  if (action === 'cancel') return withId('responses.cancel', id, method === 'POST')
  if (action === 'input_items') return withId('responses.input_items', id, method === 'GET')
  if (action !== undefined) return UNKNOWN
  if (method === 'DELETE') return withId('responses.delete', id, true)
  return withId('responses.retrieve', id, method === 'GET')
}

function fixed(endpoint: Endpoint, { generates = false } = {}): Route {
  return { endpoint, generates, id: '', wrongMethod: false }
}

function withId(endpoint: Endpoint, encoded: string, allowed: boolean): Route {
  if (!allowed) return WRONG_METHOD
  try {
    return { endpoint, generates: false, id: decodeURIComponent(encoded), wrongMethod: false }
  } catch {
    return UNKNOWN
  }
}
