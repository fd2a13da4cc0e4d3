import { setAt } from './document-tree.ts'
import type { Environment } from './interpolate.ts'
import type { Origin, Path } from './origin.ts'
import type { Draft } from './parse-yaml.ts'

/** What the command line may set; the text as it was typed, so that it is checked like the file. */
export interface ConfigFlags {
  readonly host?: string | undefined
  readonly port?: string | undefined
}

/** Later rows win; HEADGATE_PORT is the more specific of the two ports. */
const fromEnvironment: readonly (readonly [variable: string, path: Path])[] = [
  ['PORT', ['server', 'port']],
  ['HEADGATE_PORT', ['server', 'port']],
  ['HEADGATE_HOST', ['server', 'host']],
  ['HEADGATE_LOG_LEVEL', ['telemetry', 'logLevel']],
]

/**
 * Lays environment variables and then flags over the file: flag > environment > file > default. An empty
 * variable counts as not set. Needs a draft whose tree is a map or undefined.
 */
export function applyOverrides(draft: Draft, options: { env: Environment; flags: ConfigFlags }): void {
  const set = (path: Path, text: string, origin: Origin): void => {
    draft.tree ??= Object.create(null)
    // Text is what a variable can hold; a number is what the port is.
    setAt(draft.tree, path, /^\d{1,15}$/.test(text) ? Number(text) : text)
    draft.origins.set(path, origin)
  }
  for (const [name, path] of fromEnvironment) {
    const value = options.env[name]
    if (value) set(path, value, { kind: 'env', name })
  }
  const { host, port } = options.flags
  if (host !== undefined) set(['server', 'host'], host, { kind: 'flag', name: '--host' })
  if (port !== undefined) set(['server', 'port'], port, { kind: 'flag', name: '--port' })
}
