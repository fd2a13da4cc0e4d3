import { editDistance } from '../../text/edit-distance.ts'
import { GatewayError } from '../errors/errors.ts'

/** What a matched request asks for. */
export type RouteKind =
  | 'create_response'
  | 'create_chat'
  | 'create_embeddings'
  | 'list_models'
  | 'get_model'
  | 'get_response'
  | 'delete_response'

/** A request that has a place here. */
export interface Route {
  readonly kind: RouteKind
  /** The pattern, fit for a metrics label: no id, no query. */
  readonly pattern: string
  /** The path below an account's base URL, query included, as it came. */
  readonly upstreamPath: string
  /** The id in the path, decoded; `''` where the pattern has none. */
  readonly id: string
}

interface RouteEntry {
  readonly pattern: string
  /** The path before the id; the whole path when there is none. */
  readonly prefix: string
  /** What an id may look like; undefined when the pattern has none. */
  readonly readId: ((segment: string) => string | undefined) | undefined
  readonly methods: Readonly<Record<string, RouteKind>>
}

/** Ids travel on inside an upstream path: nothing but these characters ever does. */
export const idShape = /^[A-Za-z0-9_-]{1,128}$/

const readResponseId = (segment: string): string | undefined => (idShape.test(segment) ? segment : undefined)

/** Model names hold dots, colons and (escaped) slashes; they are looked up here and never sent on in a path. */
const readModelId = (segment: string): string | undefined => {
  if (segment.length > 512) return undefined
  try {
    const name = decodeURIComponent(segment)
    return /^[\x21-\x7e]{1,256}$/.test(name) && name !== '.' && name !== '..' ? name : undefined
  } catch {
    return undefined
  }
}

const plain = (pattern: string, methods: RouteEntry['methods']): RouteEntry => ({
  pattern,
  prefix: pattern,
  readId: undefined,
  methods,
})

/** Every path served. Exact paths first; a pattern with an id matches one segment. */
const table: readonly RouteEntry[] = [
  plain('/v1/responses', { POST: 'create_response' }),
  plain('/v1/chat/completions', { POST: 'create_chat' }),
  plain('/v1/embeddings', { POST: 'create_embeddings' }),
  plain('/v1/models', { GET: 'list_models' }),
  {
    pattern: '/v1/models/{id}',
    prefix: '/v1/models/',
    readId: readModelId,
    methods: { GET: 'get_model' },
  },
  {
    pattern: '/v1/responses/{id}',
    prefix: '/v1/responses/',
    readId: readResponseId,
    methods: { GET: 'get_response', DELETE: 'delete_response' },
  },
]

const exact = new Map(table.filter(entry => entry.readId === undefined).map(entry => [entry.pattern, entry]))
const withId = table.filter(entry => entry.readId !== undefined)

/**
 * Finds the route of a request. The path is compared as it came: no decoding, no doubled slash, no dot segment is
 * ever mended, so nothing can be reached by two spellings. Throws `invalid_target`, `unknown_route` (404, with the
 * nearest route) or `method_not_allowed` (405, with `Allow`).
 */
export function matchRoute(method: string, target: string): Route {
  if (target.charCodeAt(0) !== 0x2f) {
    // CONNECT names an authority and `OPTIONS *` nothing: neither is a path. TRACE would echo credentials.
    if (method === 'CONNECT' || method === 'TRACE') throw methodNotAllowed(method, 'This server', allMethods)
    throw new GatewayError('invalid_target')
  }
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  let entry = exact.get(path)
  let id = ''
  if (entry === undefined) {
    for (const candidate of withId) {
      if (!path.startsWith(candidate.prefix)) continue
      const segment = path.slice(candidate.prefix.length)
      const read = segment.includes('/') ? undefined : candidate.readId!(segment)
      if (read === undefined) continue
      entry = candidate
      id = read
      break
    }
  }
  if (entry === undefined) throw unknownRoute(method, path)
  const kind = Object.hasOwn(entry.methods, method) ? entry.methods[method] : undefined
  if (kind === undefined) throw methodNotAllowed(method, entry.pattern, Object.keys(entry.methods))
  return { kind, pattern: entry.pattern, upstreamPath: target.slice('/v1'.length), id }
}

const allMethods = ['GET', 'POST', 'DELETE']

function methodNotAllowed(method: string, path: string, allowed: readonly string[]): GatewayError {
  const allow = allowed.join(', ')
  return new GatewayError('method_not_allowed', {
    values: { method, path, allow },
    headers: [['allow', allow]],
  })
}

function unknownRoute(method: string, path: string): GatewayError {
  const nearest = nearestOf(path.slice(0, 200), table)
  const known = Object.keys(nearest.methods).join('|')
  return new GatewayError('unknown_route', {
    values: { method, path, nearest: `${known} ${nearest.pattern}` },
  })
}

function nearestOf(path: string, entries: readonly RouteEntry[]): RouteEntry {
  let best = entries[0]!
  let bestDistance = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    const distance = editDistance(path.toLowerCase(), entry.pattern)
    if (distance < bestDistance) {
      best = entry
      bestDistance = distance
    }
  }
  return best
}
