import type { Environment } from './interpolate.ts'
import { draftOf, type LoadedConfig } from './load.ts'
import { OriginTable } from './origin.ts'
import { applyOverrides, type ConfigFlags } from './overrides.ts'
import { capabilityNames } from './schema/account.ts'
import { validateDraft } from './validate.ts'

export interface BuildOptions {
  readonly env: Environment
  readonly flags?: ConfigFlags
  /** The key the one client presents; at least 16 characters. The caller makes it up and shows it to the user. */
  readonly clientKey: string
}

/**
 * A configuration without a file: one OpenAI account with the key in `OPENAI_API_KEY`, one client, the defaults.
 * @throws ConfigError as the loader does, for instance when the variable holds a line break.
 */
export async function configFromEnvironment(options: BuildOptions): Promise<LoadedConfig> {
  const account = { id: 'openai', apiKey: options.env['OPENAI_API_KEY'] }
  const origins = new OriginTable()
  origins.set(['accounts', 0, 'apiKey'], { kind: 'env', name: 'OPENAI_API_KEY' })
  return await build(
    { accounts: [account], clients: [{ name: 'local', keys: [options.clientKey] }] },
    origins,
    options,
  )
}

export interface DemoOptions extends BuildOptions {
  /** Base URL of the mock upstream, with /v1. */
  readonly upstreamUrl: string
  /** One account for each, in this order. */
  readonly accountKeys: readonly string[]
  /** The folder of the embedded store; default `./data`. */
  readonly storePath?: string
}

/** Requests in flight at each account of the demo; the mock is told the same, so that an overshoot would show. */
export const demoConcurrency = 8

/** The mock has all but WebSocket. */
const demoCapabilities = Object.fromEntries(
  capabilityNames.filter(name => name !== 'websocket').map(name => [name, true]),
)

/** The demo: one pool of accounts on a mock upstream of this machine, three unless told otherwise. */
export async function demoConfig(options: DemoOptions): Promise<LoadedConfig> {
  const accounts = options.accountKeys.map((apiKey, index) => ({
    id: `demo-${index + 1}`,
    kind: 'openai-compatible',
    baseUrl: options.upstreamUrl,
    apiKey,
    allowPrivate: true,
    concurrency: demoConcurrency,
    capabilities: demoCapabilities,
  }))
  const clients = [{ name: 'demo', keys: [options.clientKey] }]
  const store = options.storePath === undefined ? undefined : { path: options.storePath }
  return await build({ accounts, clients, store }, new OriginTable(), options)
}

async function build(tree: object, origins: OriginTable, options: BuildOptions): Promise<LoadedConfig> {
  const draft = draftOf(tree, origins)
  applyOverrides(draft, { env: options.env, flags: options.flags ?? {} })
  const config = await validateDraft(draft, { baseDir: process.cwd() })
  return { config, warnings: [], origins }
}
