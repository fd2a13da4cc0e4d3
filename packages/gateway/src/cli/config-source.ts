import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { MockUpstream } from '@headgate/mock-upstream'
import { configFromEnvironment, demoConcurrency, demoConfig } from '../config/from-environment.ts'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import { startMock } from './start-mock.ts'
import { UsageError } from './usage-error.ts'

/** The flags of `serve`, as typed. */
export interface ServeFlags {
  readonly config?: string
  readonly host?: string
  readonly port?: string
  readonly demo?: true
}

/** Where the configuration of `serve` comes from. */
export type ConfigSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment' }
  | { readonly kind: 'demo' }

/**
 * --demo, --config, ./config.yaml, OPENAI_API_KEY, and else the demo, in this order.
 * @throws UsageError when --demo and --config are both given.
 */
export function chooseSource(
  flags: ServeFlags,
  world: { env: NodeJS.ProcessEnv; exists: (path: string) => boolean } = {
    env: process.env,
    exists: existsSync,
  },
): ConfigSource {
  if (flags.demo && flags.config !== undefined) {
    throw new UsageError('--demo and --config exclude each other. Fix: keep one of the two.')
  }
  if (flags.demo) return { kind: 'demo' }
  if (flags.config !== undefined) return { kind: 'file', path: flags.config }
  if (world.exists('config.yaml')) return { kind: 'file', path: 'config.yaml' }
  return world.env['OPENAI_API_KEY'] ? { kind: 'environment' } : { kind: 'demo' }
}

/** A configuration, with what was made up for it. */
export interface Prepared {
  readonly loaded: LoadedConfig
  /** The key a client may use, when it was made up here and has to be shown. */
  readonly clientKey?: string
  /** The upstream of the demo, to be closed with the server. */
  readonly mock?: MockUpstream
}

/** Loads or builds the configuration, starting the mock upstream if it is the demo's. */
export async function prepare(source: ConfigSource, flags: ServeFlags): Promise<Prepared> {
  const overrides = { env: process.env, flags: { host: flags.host, port: flags.port } }
  if (source.kind === 'file') return { loaded: await loadConfig({ path: source.path, ...overrides }) }
  const clientKey = `hg-${randomBytes(24).toString('base64url')}`
  if (source.kind === 'environment') {
    return { loaded: await configFromEnvironment({ clientKey, ...overrides }), clientKey }
  }
  const accountKeys = ['demo-key-1', 'demo-key-2', 'demo-key-3']
  const mock = await startMock({
    port: 0,
    keys: accountKeys,
    ttftMs: 200,
    tokensPerSecond: 50,
    concurrency: demoConcurrency,
  })
  try {
    return {
      loaded: await demoConfig({ upstreamUrl: `${mock.url}/v1`, accountKeys, clientKey, ...overrides }),
      clientKey,
      mock,
    }
  } catch (error) {
    await mock.close()
    throw error
  }
}
