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
 * Every id that a JSON body names, in the places where the API has them, each once. Throws `duplicate_key` for an object
 * that names twice: the upstream may read the other one.
 */
export function namedIds(scan: RequestScan): readonly NamedId[] {
  refuseTwice(scan)
  return idsIn(JSON.parse(decoder.decode(scan.bytes)))
}

const decoder = new TextDecoder()

function refuseTwice({ bytes, deep }: RequestScan): void {
  const seen = new Set<string>()
  for (let index = 0; index < deep.count; index++) {
    const name = deep.name(index)
    const member = `${deep.object(index)} ${name}`
    if (seen.has(member)) throw duplicateKey(bytes, name, deep.value(index))
    seen.add(member)
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
    if (object['type'] === 'item_reference') note('item', object['id'])
    for (const [name, inner] of Object.entries(object)) {
      const kind = Object.hasOwn(kindOf, name) ? kindOf[name] : undefined
      if (kind !== undefined) note(kind, inner)
      else if (!clientsOwn.has(name)) walk(inner)
    }
  }
  walk(value)
  return [...found.values()]
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
