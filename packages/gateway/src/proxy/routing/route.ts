import { editDistance } from '../../text/edit-distance.ts'
import { GatewayError } from '../errors/errors.ts'
import type { Operation } from './operation.ts'
import { otherRoute, type RouteEntry, refusedFamilies, routeTable } from './route-table.ts'

/** Where a request goes. */
interface Place {
  /** The pattern, fit for a metrics label: no id, no query. */
  readonly pattern: string
  /** The path below an account's base URL, query included, as it came. */
  readonly upstreamPath: string
  /** The ids in the path, in its order, as they came; the name of a model decoded. Empty where there is none. */
  readonly ids: readonly string[]
}

/** A request that has a place here; `kind` says what it asks for. */
export type Route<O extends Operation = Operation> = O & Place

/** Ids travel on inside an upstream path: nothing but these characters ever does. */
export const idShape = /^[A-Za-z0-9_-]{1,128}$/

/** A segment no account could have made an id of: fit for a path that is passed on without anyone's ids in it. */
const wordShape = /^[a-z][a-z_]{0,31}$/
const maxOtherSegments = 3

/** Longer than most patterns; comparing costs the product of both lengths, and anyone may ask. */
const maxComparedChars = 64

const prefix = '/v1'
const noIds: readonly string[] = []

interface Matched {
  readonly entry: RouteEntry
  readonly ids: readonly string[]
}

const exact = new Map<string, Matched>(
  routeTable.map(entry => [entry.pattern, { entry, ids: noIds }] as const).filter(([p]) => !p.includes('{')),
)
const withIds: ReadonlyMap<string, readonly { entry: RouteEntry; segments: readonly string[] }[]> =
  Map.groupBy(
    routeTable
      .filter(entry => entry.pattern.includes('{'))
      .map(entry => ({ entry, segments: entry.pattern.split('/') })),
    ({ segments }) => segments[2]!,
  )
const familiesByName: ReadonlySet<string> = new Set(routeTable.map(({ pattern }) => pattern.split('/')[2]!))

/**
 * Finds the route of a request. The path is compared as it came: no decoding, no doubled slash, no dot segment is
 * ever mended, so nothing can be reached by two spellings. A segment in the place of an id may be anything without an
 * escape; who serves it refuses those no id looks like, in the words for an id that does not exist.
 *
 * Throws `invalid_target`, `unknown_route` (404, with the nearest route), `method_not_allowed` (405, with `Allow`),
 * `list_not_supported` or `endpoint_not_supported` (501).
 */
export function matchRoute(method: string, target: string): Route {
  if (target.charCodeAt(0) !== 0x2f) {
    // CONNECT names an authority and `OPTIONS *` nothing: neither is a path. TRACE would echo credentials.
    if (method === 'CONNECT' || method === 'TRACE') throw methodNotAllowed(method, 'This server', allMethods)
    throw new GatewayError('invalid_target')
  }
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const upstreamPath = target.slice(prefix.length)
  const matched = exact.get(path) ?? matchIds(path)
  if (matched === undefined) return { ...otherOperation(method, path), upstreamPath, ids: noIds }
  const { entry, ids } = matched
  const operation = Object.hasOwn(entry.methods, method) ? entry.methods[method] : undefined
  if (operation === undefined) throw methodNotAllowed(method, entry.pattern, servedMethods(entry))
  if (operation === 'list') throw new GatewayError('list_not_supported', { values: { path: entry.pattern } })
  return { ...operation, pattern: entry.pattern, upstreamPath, ids }
}

function matchIds(path: string): Matched | undefined {
  const segments = path.split('/')
  if (segments[1] !== 'v1') return undefined
  for (const { entry, segments: wanted } of withIds.get(segments[2] ?? '') ?? []) {
    const ids = idsOf(segments, wanted)
    if (ids !== undefined) return { entry, ids }
  }
  return undefined
}

function idsOf(segments: readonly string[], wanted: readonly string[]): readonly string[] | undefined {
  if (segments.length !== wanted.length) return undefined
  const ids: string[] = []
  for (let i = 0; i < wanted.length; i++) {
    const place = wanted[i]!
    const segment = segments[i]!
    if (place.charCodeAt(0) !== 0x7b) {
      if (segment !== place) return undefined
      continue
    }
    const id = place.endsWith('...}') ? modelName(segment) : idSegment(segment)
    if (id === undefined) return undefined
    ids.push(id)
  }
  return ids
}

/** Whatever may be meant as an id. An escape could only be another spelling of one, or of another path. */
function idSegment(segment: string): string | undefined {
  return segment === '' || segment.includes('%') ? undefined : segment
}

/** Model names hold dots, colons and (escaped) slashes; they are looked up here and never sent on in a path. */
function modelName(segment: string): string | undefined {
  if (segment.length > 512) return undefined
  try {
    const name = decodeURIComponent(segment)
    return /^[\x21-\x7e]{1,256}$/.test(name) && name !== '.' && name !== '..' ? name : undefined
  } catch {
    return undefined
  }
}

/**
 * Any other path: passed through when it is a POST of plain words that lead to nothing stored, so that nobody's id
 * can be in it. A path that looks like a slip of a known one is refused with that.
 */
function otherOperation(method: string, path: string): Operation & { readonly pattern: string } {
  const [, version, family = '', ...rest] = path.split('/')
  const words = version === 'v1' && rest.length < maxOtherSegments ? [family, ...rest] : []
  if (version === 'v1' && refusedFamilies.has(family)) {
    throw new GatewayError('endpoint_not_supported', { values: { family: `/v1/${family}` } })
  }
  const fits = words.length > 0 && words.every(word => wordShape.test(word)) && !familiesByName.has(family)
  if (!fits || method !== 'POST') throw unknownRoute(method, path)
  const nearest = nearestOf(path)
  if (nearest.distance <= 2) throw unknownRoute(method, path)
  return { ...otherRoute.operation, pattern: otherRoute.pattern }
}

const allMethods = ['GET', 'POST', 'DELETE']

function servedMethods({ methods }: RouteEntry): string[] {
  return Object.keys(methods).filter(method => methods[method] !== 'list')
}

function methodNotAllowed(method: string, path: string, allowed: readonly string[]): GatewayError {
  const allow = allowed.join(', ')
  return new GatewayError('method_not_allowed', {
    values: { method, path, allow },
    headers: [['allow', allow]],
  })
}

function unknownRoute(method: string, path: string): GatewayError {
  const { entry } = nearestOf(path)
  const known = servedMethods(entry).join('|')
  return new GatewayError('unknown_route', {
    values: { method, path, nearest: `${known} ${entry.pattern}` },
  })
}

function nearestOf(path: string): { readonly entry: RouteEntry; readonly distance: number } {
  const given = path.slice(0, maxComparedChars).toLowerCase()
  let entry = routeTable[0]!
  let distance = Number.POSITIVE_INFINITY
  for (const candidate of routeTable) {
    if (Math.abs(given.length - candidate.pattern.length) >= distance) continue
    const now = editDistance(given, candidate.pattern)
    if (now < distance) {
      entry = candidate
      distance = now
    }
  }
  return { entry, distance }
}
