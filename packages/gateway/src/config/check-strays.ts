import type { Problem } from './errors.ts'
import { credentialsOf, eachScalar } from './known-secrets.ts'
import { type Path, pointer } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import type { SecretFiles } from './secret-files.ts'
import { isSecretPath } from './secret-paths.ts'

/** The forms of OpenAI's keys and of those that Headgate makes up. */
const keyForm = /^(?:sk|hg)-[A-Za-z0-9_-]{16,}$/

/**
 * A credential in the place of a name or in a path would be logged, shown as a metric's label and printed: it is
 * refused wherever it is not expected, in values and in the keys of maps.
 */
export function checkStrays(draft: Draft, files: SecretFiles): Problem[] {
  const credentials = credentialsOf(draft, files)
  const isCredential = (text: unknown): boolean =>
    typeof text === 'string' &&
    (keyForm.test(text) || credentials.some(credential => text.includes(credential)))
  const strays = new Map<string, Path>()
  eachScalar(draft.tree, (value, path) => {
    if (isSecretPath(path)) return
    const key = path.findIndex(isCredential)
    const stray = key >= 0 ? path.slice(0, key + 1) : isCredential(value) ? path : undefined
    if (stray) strays.set(pointer(stray), stray)
  })
  return [...strays.values()].map(path => ({
    origin: draft.origins.nearest(path),
    path,
    message: 'holds what looks like a key, in a place that is logged and printed',
    fix: 'put keys into apiKey, apiKeyFile, keys, keysFile or token only, and replace this one: it may have been seen',
  }))
}
