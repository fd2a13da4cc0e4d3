import { Document, isScalar, visit } from 'yaml'
import type { LoadedConfig } from './load.ts'
import { formatOrigin, type Path } from './origin.ts'
import { toDocument } from './to-document.ts'

/** With `origin`, each value is followed by where it comes from: `file:line:col`, `env X`, `flag --x`, `default`. */
export interface PrintOptions {
  readonly withOrigin?: true
}

/** The effective configuration as YAML, every default spelled out, secrets masked to their last four characters. */
export function printConfig(loaded: LoadedConfig, options: PrintOptions = {}): string {
  const document = new Document(withoutUndefined(toDocument(loaded.config, secret => secret.masked)))
  if (options.withOrigin) noteOrigins(document, loaded)
  return document.toString({ lineWidth: 0 })
}

function noteOrigins(document: Document, loaded: LoadedConfig): void {
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || !isScalar(node)) return
      node.comment = ` ${describe(pathOf(ancestors, { key, node }), loaded)}`
    },
  })
}

/** The accounts of a pool are printed resolved, so that they share the origin of the patterns. */
function describe(path: Path, { origins }: LoadedConfig): string {
  const list = path[0] === 'pools' && path[2] === 'accounts' ? path.slice(0, 3) : path
  const exact = origins.get(list)
  const file = fileOf(path)
  const origin = exact.kind === 'default' && file ? origins.get(file) : exact
  const variables = origin.kind === 'file' && origin.variables ? ` (${origin.variables.join(', ')})` : ''
  return formatOrigin(origin) + variables
}

/** A key that was read from a file has its origin where the file is named. */
function fileOf(path: Path): Path | undefined {
  if (path[0] === 'accounts' && path[2] === 'apiKey') return [...path.slice(0, 2), 'apiKeyFile']
  if (path[0] === 'accounts' && path[3] === 'clientSecret') return [...path.slice(0, 3), 'clientSecretFile']
  if (path[0] === 'clients' && path[2] === 'keys') return [...path.slice(0, 2), 'keysFile']
  return undefined
}

/** The keys and indices on the way from the root of the YAML tree to a scalar. */
function pathOf(ancestors: readonly unknown[], leaf: { key: unknown; node: unknown }): Path {
  const chain = [...ancestors, leaf.node]
  return chain.flatMap((node, depth): (string | number)[] => {
    const parent = chain[depth - 1] as { items?: unknown[]; key?: { value: unknown } } | undefined
    if (!parent) return []
    if ('key' in parent && 'value' in parent) return [String(parent.key?.value)]
    const isPair = typeof node === 'object' && node !== null && 'key' in node && 'value' in node
    return parent.items && !isPair ? [parent.items.indexOf(node)] : []
  })
}

/** YAML has no undefined: a key that is absent is left out, and so is a section that holds nothing. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, withoutUndefined(inner)]),
  )
}
