import { type OwnerKind, ownerKey } from '../ownership/owner-key.ts'
import { duplicateKey, type RequestScan } from '../request/scan.ts'
import type { RoutedExchange } from '../request-exchange.ts'
import { idShape } from '../routing/route.ts'
import { locateKeys } from './locate.ts'
import { objectNotFound } from './not-found.ts'

/** Something that a body names by its id. */
export interface NamedId {
  readonly kind: OwnerKind
  readonly id: string
}

const kindOf: Readonly<Record<string, OwnerKind>> = {
  file_id: 'file',
  file_ids: 'file',
  input_file_id: 'file',
  vector_store_ids: 'vector_store',
  container_id: 'container',
  encrypted_content: 'encrypted',
}

/** What holds a client's own names and values, not the API's. */
const clientsOwn: ReadonlySet<string> = new Set(['metadata', 'attributes', 'filters'])

/**
 * Every id that a JSON body names, in the places where the API has them, each once. Throws `duplicate_key` where a member
 * given twice hides a name: the upstream may read the other one.
 */
export function namedIds(scan: RequestScan): readonly NamedId[] {
  const value: unknown = JSON.parse(decoder.decode(scan.bytes))
  refuseHidden(scan, value)
  return idsIn(value)
}

const decoder = new TextDecoder()

/** Compares what the bytes name with what is left of it after parsing, which keeps the last of two. */
function refuseHidden({ bytes, deep }: RequestScan, value: unknown): void {
  const left = new Map<string, number>()
  const places = Array.from({ length: deep.count }, (_, index) => `${deep.depth(index)} ${deep.name(index)}`)
  for (const place of places) left.set(place, 0)
  const count = (inner: unknown, depth: number): void => {
    if (typeof inner !== 'object' || inner === null) return
    for (const [name, member] of Object.entries(inner)) {
      const place = `${depth} ${name}`
      const now = left.get(place)
      if (now !== undefined) left.set(place, now + 1)
      count(member, depth + 1)
    }
  }
  if (deep.count > 0) count(value, 1)
  for (const [index, place] of places.entries()) {
    const now = left.get(place)!
    if (now === 0) throw duplicateKey(bytes, deep.name(index), deep.value(index))
    left.set(place, now - 1)
  }
}

function idsIn(value: unknown): readonly NamedId[] {
  const found = new Map<string, NamedId>()
  const walk = (inner: unknown): void => {
    if (Array.isArray(inner)) for (const one of inner) walk(one)
    else if (typeof inner === 'object' && inner !== null) members(inner as Record<string, unknown>)
  }
  const note = (kind: OwnerKind, id: unknown): void => {
    if (typeof id === 'string') found.set(`${kind} ${id}`, { kind, id })
    else if (Array.isArray(id)) for (const one of id) note(kind, one)
    else walk(id)
  }
  const members = (object: Record<string, unknown>): void => {
    for (const [name, inner] of Object.entries(object)) {
      const kind = Object.hasOwn(kindOf, name) ? kindOf[name] : undefined
      if (kind !== undefined) note(kind, inner)
      else if (!clientsOwn.has(name)) walk(inner)
    }
  }
  walk(value)
  for (const id of readFromStore(value)) note('item', id)
  return [...found.values()]
}

/** The ids of items of a conversation that the upstream would read from its store: those that do not bring their content. */
function readFromStore(body: unknown): unknown[] {
  const items = (body as { readonly items?: unknown } | null)?.items
  if (!Array.isArray(items)) return []
  return items.filter(item => typeof item === 'object' && item !== null && isBare(item)).map(({ id }) => id)
}

function isBare(item: Readonly<Record<string, unknown>>): boolean {
  switch (item['type']) {
    case 'item_reference':
      return true
    case 'reasoning':
      return typeof item['encrypted_content'] !== 'string'
    case 'image_generation_call':
      return typeof item['result'] !== 'string'
    case undefined:
    case null:
      // `{"id": ...}` alone is a reference too; a message may leave its type out.
      return item['role'] === undefined
    default:
      return false
  }
}

/**
 * Checks that everything a body names is the tenant's and lies where `keys` lead; answers the keys of all of it.
 * Throws the 404 of the first that is not, `conflicting_owners`, or `owner_unavailable`.
 */
export async function locateNamed(
  exchange: RoutedExchange,
  named: readonly NamedId[],
  keys: readonly string[],
): Promise<readonly string[]> {
  const all = [...keys]
  for (const { kind, id } of named) {
    const notFound = () => objectNotFound(kind, id)
    if (kind !== 'encrypted' && !idShape.test(id)) throw notFound()
    const key = ownerKey(kind, id)
    // Alone first: an id of somebody else's must not be told from one that is nobody's.
    await locateKeys(exchange, [key], notFound)
    all.push(key)
    if (all.length > 1) await locateKeys(exchange, all, notFound)
  }
  return all
}
