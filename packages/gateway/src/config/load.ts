import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Config } from './config.ts'
import { ConfigError, type Problem } from './errors.ts'
import type { Environment } from './interpolate.ts'
import { type Origin, OriginTable } from './origin.ts'
import { applyOverrides, type ConfigFlags } from './overrides.ts'
import { type Draft, parseYaml } from './parse-yaml.ts'
import { readText } from './read-file.ts'
import { validateDraft } from './validate.ts'
import { warningsOf } from './warnings.ts'

/** A configuration that may be used, and what a reader may want to know about it. */
export interface LoadedConfig {
  readonly config: Config
  /** Doubtful but allowed, such as keys in a file that everyone may read. */
  readonly warnings: readonly Problem[]
  /** Where each value of the file form comes from; `default` for the rest. */
  readonly origins: OriginTable
}

/** A file that was read again: what it says, or why it cannot be used, a line a problem. */
export type ReadConfig =
  | { readonly kind: 'loaded'; readonly loaded: LoadedConfig }
  | { readonly kind: 'rejected'; readonly problems: readonly string[] }

export interface LoadOptions {
  readonly path: string
  readonly env: Environment
  readonly flags?: ConfigFlags
}

/** A configuration of ten thousand accounts is about this large; more is a wrong file. */
const maxFileBytes = 1024 * 1024

/**
 * Reads, checks and resolves one YAML file; flags win over the environment, that over the file, that over the
 * defaults. Changes nothing outside itself, so it also serves `config check` and reloading.
 * @throws ConfigError with every problem found, each with its place and remedy; nothing else.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { path: file, env, flags = {} } = options
  const whole: Origin = { kind: 'file', file }
  const read = await readText(file, maxFileBytes)
  if (read.kind === 'problem') {
    throw new ConfigError([
      { origin: whole, path: [], message: `the configuration ${read.message}`, fix: read.fix },
    ])
  }
  const draft = parseYaml(read.text, { file, env })
  if (draft.tree === undefined && draft.problems.length > 0) throw new ConfigError(draft.problems)
  applyOverrides(draft, { env, flags })
  const config = await validateDraft(draft, { baseDir: dirname(resolve(file)) })
  return { config, warnings: warningsOf(draft, config, await modeOf(file)), origins: draft.origins }
}

/** The permission bits; undefined where the system has none or the file is gone by now. */
async function modeOf(file: string): Promise<number | undefined> {
  if (process.platform === 'win32') return undefined
  return await stat(file).then(
    found => (found.isFile() ? found.mode : undefined),
    () => undefined,
  )
}

/** A draft made in code instead of from a file: the builders go through the same checks. */
export function draftOf(tree: unknown, origins: OriginTable = new OriginTable()): Draft {
  return { tree, origins, interpolated: new Set(), problems: [] }
}
