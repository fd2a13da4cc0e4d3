import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ConfigError, formatProblem } from '../../src/config/errors.ts'
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts'
import type { ConfigFlags } from '../../src/config/overrides.ts'

/** Credentials that must appear in no message and no print. */
export const secrets = {
  OPENAI_KEY: 'sk-proj-canary-0123456789abcdefghij',
  TEAM_KEY: 'hg-team-canary-0123456789',
  ADMIN_TOKEN: 'admin-canary-token-9876543210',
} as const

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Written {
  readonly text: string | Buffer
  readonly env?: Record<string, string>
  readonly flags?: ConfigFlags
  readonly mode?: number
  /** Further files in the same folder. */
  readonly files?: Record<string, string>
}

/** Writes a config.yaml into a folder of its own and loads it. */
export async function load({
  text,
  env = {},
  flags = {},
  mode = 0o600,
  files = {},
}: Written): Promise<LoadedConfig> {
  const folder = temporaryFolder()
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, name), contents)
  const path = join(folder, 'config.yaml')
  writeFileSync(path, text, { mode })
  return await loadConfig({ path, env: { ...secrets, ...env }, flags })
}

/** The problems of a file that must be refused, as printed, without the folder's name. */
export async function problemsOf(written: Written): Promise<string[]> {
  try {
    await load(written)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(problem => formatProblem(problem).replaceAll(/\/\S*\/(?=config\.yaml)/g, ''))
  }
  throw new Error('the file was accepted')
}

/** A valid file in which a test changes one thing: an account's and a client's keys, and whole sections. */
export function yaml(options: { account?: string; client?: string; rest?: string } = {}): string {
  const { account = '', client = '', rest = '' } = options
  return `clients:
  - { name: team, keys: ["\${TEAM_KEY}"]${client} }
accounts:
  - { id: one, apiKey: "\${OPENAI_KEY}"${account} }
${rest}`
}
