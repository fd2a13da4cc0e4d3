import type { Endpoint } from './endpoint-names.ts'
import { type BodyKind, ROUTE_ROWS, type RouteRow } from './route-table.ts'

/** Where a request goes. */
export interface Route {
  readonly endpoint: Endpoint
  /** Takes a JSON body, occupies one of the account's places and is charged to its rate limits. */
  readonly generates: boolean
  readonly body: BodyKind
  /** The id in the path, decoded; empty when there is none. */
  readonly id: string
  /** The second id in the path, decoded; empty when there is none. */
  readonly itemId: string
  /** The model named by the path, as Azure's dated API has it; null: the body names it. */
  readonly deployment: string | null
  /** The path exists, but not with this method. */
  readonly wrongMethod: boolean
}

/** A path the account does not have. */
export const UNKNOWN_ROUTE = fixed('unknown')

const WRONG_METHOD: Route = { ...UNKNOWN_ROUTE, wrongMethod: true }
const GENERATES = { generates: true, body: 'json' } as const

const FIXED: { readonly [path: string]: { readonly [method: string]: Route } } = {
  '/v1/responses': { POST: fixed('responses.create', GENERATES) },
  '/v1/responses/compact': { POST: fixed('responses.compact', GENERATES) },
  '/v1/responses/input_tokens': { POST: fixed('responses.input_tokens', { body: 'json' }) },
  '/v1/chat/completions': {
    POST: fixed('chat.completions', GENERATES),
    GET: fixed('chat.completions.list'),
  },
  '/v1/embeddings': { POST: fixed('embeddings', GENERATES) },
  '/v1/models': { GET: fixed('models.list') },
}

/** Finds the endpoint of a method and a path without query. `/openai/v1/...`, Azure's spelling, is the same as `/v1/...`. */
export function matchRoute(method: string, path: string): Route {
  if (path.startsWith('/openai/')) path = path.slice('/openai'.length)
  const known = Object.hasOwn(FIXED, path) ? FIXED[path] : undefined
  if (known !== undefined) return Object.hasOwn(known, method) ? known[method]! : WRONG_METHOD
  const [, version, ...segments] = path.split('/')
  if (version !== 'v1' || segments.includes('')) return UNKNOWN_ROUTE
  // The names of models may hold slashes.
  if (segments[0] === 'models' && segments.length > 1)
    return method === 'GET' ? decoded('models.retrieve', segments.slice(1).join('/')) : WRONG_METHOD
  return matchRow(method, segments)
}

/** A route of this endpoint without ids. */
export function fixed(endpoint: Endpoint, traits: Partial<Pick<Route, 'generates' | 'body'>> = {}): Route {
  const { generates = false, body = 'ignored' } = traits
  return { endpoint, generates, body, id: '', itemId: '', deployment: null, wrongMethod: false }
}

function matchRow(method: string, segments: readonly string[]): Route {
  let pathExists = false
  for (const row of ROUTE_ROWS.get(segments[0]!) ?? []) {
    if (!fits(row, segments)) continue
    pathExists = true
    if (row.method !== method) continue
    const at = (name: string) => segments[row.segments.indexOf(name)] ?? ''
    return { ...decoded(row.endpoint, at('{id}'), at('{item}')), body: row.body }
  }
  return pathExists ? WRONG_METHOD : UNKNOWN_ROUTE
}

function fits(row: RouteRow, segments: readonly string[]): boolean {
  if (row.segments.length !== segments.length) return false
  return row.segments.every((part, index) => part.startsWith('{') || part === segments[index])
}

function decoded(endpoint: Endpoint, id: string, itemId = ''): Route {
  try {
    return { ...fixed(endpoint), id: decodeURIComponent(id), itemId: decodeURIComponent(itemId) }
  } catch {
    return UNKNOWN_ROUTE
  }
}
