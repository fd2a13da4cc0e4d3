import type { Path } from './origin.ts'
import { pointer } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import type { SecretFiles } from './secret-files.ts'
import { isSecretPath } from './secret-paths.ts'

/** Shorter texts would blank out, or forbid, ordinary words. */
const shortestToKnow = 8

/** Calls `visit` for every scalar of an unvalidated document. */
export function eachScalar(
  tree: unknown,
  visit: (value: unknown, path: Path) => void,
  path: Path = [],
): void {
  if (typeof tree !== 'object' || tree === null) {
    visit(tree, path)
    return
  }
  for (const [key, inner] of Object.entries(tree)) {
    eachScalar(inner, visit, [...path, Array.isArray(tree) ? Number(key) : key])
  }
}

/**
 * The credentials of a draft: what stands where one is expected, and in the named files; longest first, so that
 * one that holds another is found whole.
 */
export function credentialsOf(draft: Draft, files: SecretFiles): string[] {
  const found = new Set<string>(files.all())
  eachScalar(draft.tree, (value, path) => {
    if (isSecretPath(path)) found.add(withoutHost(String(value), path))
  })
  return longestFirst(found)
}

/** Of a proxy's URL only the user info is secret: its host may stand elsewhere too. */
function withoutHost(value: string, path: Path): string {
  if (path[2] !== 'proxy') return value
  return /^[a-z]+:\/\/([^/?#]*)@/i.exec(value)?.[1] ?? ''
}

/** Everything that must not be quoted: the credentials, and whatever else came from the environment. */
export function confidentialTexts(draft: Draft, files: SecretFiles): string[] {
  const found = new Set(credentialsOf(draft, files))
  eachScalar(draft.tree, (value, path) => {
    if (draft.interpolated.has(pointer(path))) found.add(String(value))
  })
  return longestFirst(found)
}

const longestFirst = (texts: ReadonlySet<string>): string[] =>
  [...texts].filter(text => text.length >= shortestToKnow).sort((a, b) => b.length - a.length)
