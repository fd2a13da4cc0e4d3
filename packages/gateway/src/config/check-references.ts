import { entriesAt, textAt, valueAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import { nearestName } from './nearest-name.ts'
import { type Path, pointer } from './origin.ts'
import type { Draft } from './parse-yaml.ts'

/** Whether an account id, or a model name, is meant by a pattern: equal, or starting as it does before its `*`. */
export const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name

/** Pools must name accounts that exist and clients pools that exist; and there must be a client at all. */
export function checkReferences(draft: Draft): Problem[] {
  return [...clientPools(draft), ...poolAccounts(draft), ...someClient(draft)]
}

function clientPools(draft: Draft): Problem[] {
  const pools = valueAt(draft.tree, ['pools']) === undefined ? ['default'] : namesOf(draft)
  const check = (path: Path, pool: string): Problem[] =>
    pools.length === 0 || pools.includes(pool)
      ? []
      : [dangling({ path, kind: 'pool', name: pool, known: pools }, draft)]
  return entriesAt(draft.tree, ['clients']).flatMap(client => {
    if (typeof client.value !== 'object') return []
    const others = entriesAt(draft.tree, [...client.path, 'pools'])
    return [
      ...check([...client.path, 'pool'], textAt(client.value, ['pool']) ?? 'default'),
      ...others.flatMap(({ path, value }) => (typeof value === 'string' ? check(path, value) : [])),
    ]
  })
}

const namesOf = (draft: Draft): string[] =>
  entriesAt(draft.tree, ['pools']).map(({ path }) => String(path[1]))

function poolAccounts(draft: Draft): Problem[] {
  const ids = entriesAt(draft.tree, ['accounts']).flatMap(({ value }) => textAt(value, ['id']) ?? [])
  if (ids.length === 0) return []
  return entriesAt(draft.tree, ['pools']).flatMap(pool =>
    entriesAt(draft.tree, [...pool.path, 'accounts']).flatMap(({ path, value }) => {
      if (typeof value !== 'string' || ids.some(id => matches(value, id))) return []
      return [dangling({ path, kind: 'account', name: value, known: ids }, draft)]
    }),
  )
}

interface Reference {
  readonly path: Path
  readonly kind: 'pool' | 'account'
  readonly name: string
  readonly known: readonly string[]
}

function dangling({ path, kind, name, known }: Reference, draft: Draft): Problem {
  const near = nearestName(name, known)
  const shown = known.length > 10 ? `${known.slice(0, 10).join(', ')}, …` : known.join(', ')
  const fix = near ? `did you mean ${near}?` : `use one of ${shown}`
  // What a variable holds is not shown, whatever it is used for.
  const quoted = draft.interpolated.has(pointer(path)) ? 'that its variable holds' : JSON.stringify(name)
  const message = `names the ${kind} ${quoted}, which does not exist`
  return { origin: draft.origins.nearest(path), path, message, fix }
}

function someClient(draft: Draft): Problem[] {
  const clients = valueAt(draft.tree, ['clients'])
  if (clients !== undefined && !(Array.isArray(clients) && clients.length === 0)) return []
  const fix =
    `add clients: [{ name: app, keys: ["\${APP_KEY}"] }] and set APP_KEY to a random text, ` +
    'such as the output of: openssl rand -hex 24'
  const message = 'there are no clients, so nobody could call'
  return [{ origin: draft.origins.nearest(['clients']), path: ['clients'], message, fix }]
}
