import { entriesAt, valueAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import type { Path } from './origin.ts'
import type { Draft } from './parse-yaml.ts'

/** A key that is read and checked, and that nothing in this version acts on. `*` stands for every account. */
export interface UnusedKey {
  readonly path: Path
  /** What the reader gets in its place. */
  readonly instead: string
}

/** All of them; their descriptions in the schema say the same. A key leaves this table when something reads it. */
export const UNUSED_KEYS: readonly UnusedKey[] = [
  {
    path: ['accounts', '*', 'capabilities', 'websocket'],
    instead: 'an upgrade to WebSocket is refused',
  },
  {
    path: ['limits', 'websocketMessage'],
    instead: 'an upgrade to WebSocket is refused',
  },
]

/** Warns of each key that asks for something nobody does; `false` and an empty list ask for nothing. */
export function unusedKeys(draft: Draft): Problem[] {
  return UNUSED_KEYS.flatMap(({ path: pattern, instead }) =>
    placesOf(draft.tree, pattern).flatMap(path => {
      const value = valueAt(draft.tree, path)
      if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return []
      const message = `is not used yet: ${instead} whatever it says`
      return [{ origin: draft.origins.nearest(path), path, message, fix: 'remove it' }]
    }),
  )
}

function placesOf(tree: unknown, pattern: Path): Path[] {
  const star = pattern.indexOf('*')
  if (star === -1) return [pattern]
  return entriesAt(tree, pattern.slice(0, star)).map(({ path }) => [...path, ...pattern.slice(star + 1)])
}
