import { type Entry, entriesAt, textAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import { formatOrigin, readablePath } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import type { SecretFiles } from './secret-files.ts'

/** Account ids, client names and client keys must each be unique; both places are named, and never a key. */
export function checkDuplicates(draft: Draft, files: SecretFiles): Problem[] {
  const named = (list: string, key: string): Entry[] =>
    entriesAt(draft.tree, [list]).map(({ path, value }) => ({
      path: [...path, key],
      value: textAt(value, [key]),
    }))
  return [
    ...repeated(named('accounts', 'id'), 'is the id of another account', draft),
    ...repeated(named('clients', 'name'), 'is the name of another client', draft),
    ...repeated(clientKeys(draft, files), 'is the same key', draft),
  ]
}

/** Every key of every client, those in files with the path of the `keysFile`. */
function clientKeys(draft: Draft, files: SecretFiles): Entry[] {
  return entriesAt(draft.tree, ['clients']).flatMap(({ path }) => {
    const inFile = files.lines([...path, 'keysFile']).map(value => ({ path: [...path, 'keysFile'], value }))
    return [...entriesAt(draft.tree, [...path, 'keys']), ...inFile]
  })
}

function repeated(entries: readonly Entry[], message: string, draft: Draft): Problem[] {
  const first = new Map<unknown, Entry>()
  return entries.flatMap(entry => {
    const earlier = first.get(entry.value)
    if (typeof entry.value !== 'string' || earlier === undefined) {
      first.set(entry.value, entry)
      return []
    }
    const where = `${readablePath(earlier.path)} at ${formatOrigin(draft.origins.nearest(earlier.path))}`
    const fix = 'make them different, or remove one of the two'
    return [
      { origin: draft.origins.nearest(entry.path), path: entry.path, message: `${message}: ${where}`, fix },
    ]
  })
}
