import type { Config } from './config.ts'
import { entriesAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import { draftOf } from './load.ts'
import { OriginTable, type Path } from './origin.ts'
import type { ConfigFileInput } from './schema.ts'
import { SecretFiles } from './secret-files.ts'
import { noTlsFiles } from './tls-files.ts'
import { checkDraft } from './validate.ts'

/**
 * A configuration given in code: what stands in the file, without the sections that only a server has. Credentials
 * stand in it as they are; files that hold some are read by {@link loadConfig} alone.
 */
export interface ConfigObject extends Pick<ConfigFileInput, 'accounts' | 'pools' | 'limits'> {
  /** Who may call, by key. Omitted: one client, whatever key it sends. */
  readonly clients?: ConfigFileInput['clients']
  readonly telemetry?: Pick<NonNullable<ConfigFileInput['telemetry']>, 'decisionLog'>
}

const argument = { kind: 'argument', name: 'config' } as const

/** Sections of the file that have no meaning here, and what has in their place. */
const serverSections = {
  server: 'remove it: nothing listens here',
  admin: 'remove it: there is no admin API here',
  store: 'remove it and give the option storePath',
} as const

/**
 * Checks and resolves a configuration given in code by the rules of the file, at once. `implicitKey` becomes the key
 * of the one client where none are given: tenant and name `default`, the pool `default` or else the first, and the
 * others by `x-headgate-pool`.
 * @throws ConfigError with every problem found, each with its place and remedy.
 */
export function configFromObject(input: ConfigObject, options: { readonly implicitKey: string }): Config {
  const clients = input.clients ?? [implicitClient(input.pools, options.implicitKey)]
  const tree = { ...input, clients }
  const origins = new OriginTable()
  origins.set([], argument)
  const draft = draftOf(tree, origins)
  draft.problems.push(
    ...misplaced(tree),
    ...unreadFiles(tree, ['accounts']),
    ...unreadFiles(tree, ['clients']),
  )
  return checkDraft(draft, { files: new SecretFiles(), tls: noTlsFiles, baseDir: process.cwd() })
}

function misplaced(tree: object): Problem[] {
  return Object.entries(serverSections).flatMap(([section, fix]) =>
    (tree as Record<string, unknown>)[section] === undefined
      ? []
      : [{ origin: argument, path: [section], message: 'is a section of a server', fix }],
  )
}

function implicitClient(
  pools: ConfigObject['pools'],
  key: string,
): NonNullable<ConfigObject['clients']>[number] {
  const names = Object.keys(pools ?? {})
  const pool = names.length === 0 || names.includes('default') ? 'default' : names[0]!
  const others = names.filter(name => name !== pool)
  return { name: 'default', keys: [key], pool, pools: others, diagnostics: 'headers' }
}

/** As deep as a key can stand that names a file; what comes in code may even be a circle. */
const deepestKey = 5

/** Every key that names a file: reading takes time, and the answer is wanted now. */
function unreadFiles(tree: unknown, path: Path): Problem[] {
  if (path.length === deepestKey) return []
  return entriesAt(tree, path).flatMap(entry => {
    if (!namesFile(entry.path) || typeof entry.value !== 'string') {
      return unreadFiles(tree, entry.path)
    }
    const message = 'names a file, which is not read here'
    const fix = 'give its content, or load a configuration file with loadConfig'
    return [{ origin: argument, path: entry.path, message, fix }]
  })
}

function namesFile(path: Path): boolean {
  const key = String(path.at(-1))
  return key.endsWith('File') || (path.at(-2) === 'tls' && key !== 'serverName')
}
