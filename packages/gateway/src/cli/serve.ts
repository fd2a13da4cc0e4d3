import { Command } from 'commander'
import { ConfigError, formatProblem } from '../config/errors.ts'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import { formatOrigin } from '../config/origin.ts'
import { type ConfigWatch, fileDigest, watchConfig } from '../config/watch.ts'
import type { HeadgateHandle, StartHeadgate, StartOptions } from '../handle.ts'
import { explainListenError } from '../runtime/listen-error.ts'
import { announce } from './announce.ts'
import { type ConfigSource, chooseSource, type Prepared, prepare, type ServeFlags } from './config-source.ts'
import { complain, note, warn } from './output.ts'
import { onSignals, type SignalSource } from './signals.ts'
import { portText } from './whole-number.ts'

/** `headgate serve`: runs the gateway until it is told to stop. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the gateway (without a configuration: on OPENAI_API_KEY, or else a demo)')
    .option('-c, --config <file>', 'the configuration file (default: ./config.yaml if it exists)')
    .option('--host <address>', 'the address to listen on, instead of server.host')
    .option(
      '--port <number>',
      'the port to listen on, instead of server.port; 0 takes any free one',
      portText,
    )
    .option('--demo', 'run on a mock upstream with three accounts, whatever else is configured')
    .action((flags: ServeFlags) => serve(flags, { start: startComposed, signals: process }))
}

/** The composition root, loaded when needed: a wrong flag or file is reported without it. */
const startComposed: StartHeadgate = async options => {
  const { startHeadgate } = await import('../app.ts')
  return await startHeadgate(options)
}

/** Prepares the configuration, starts the server, follows its file and stops it on signals. Resolves when it runs. */
export async function serve(
  flags: ServeFlags,
  world: { start: StartHeadgate; signals: SignalSource },
): Promise<void> {
  const source = chooseSource(flags)
  const since = source.kind === 'file' ? await fileDigest(source.path) : undefined
  const prepared = await prepare(source, flags)
  for (const warning of prepared.loaded.warnings) warn(formatProblem(warning))
  const handle = await start(source, flags, prepared, world.start)
  const watch = source.kind === 'file' ? await follow(source.path, { flags, handle, since }) : undefined
  stopOnSignals(handle, { prepared, watch, signals: world.signals })
  // Last, because whoever reads it may send a signal at once.
  announce(handle.url, prepared)
}

async function start(
  source: ConfigSource,
  flags: ServeFlags,
  prepared: Prepared,
  startHeadgate: StartHeadgate,
): Promise<HeadgateHandle> {
  const { loaded, mock } = prepared
  try {
    return await startHeadgate({ loaded, ...fileOf(source, flags) })
  } catch (error) {
    await mock?.close()
    throw withPlace(error, loaded)
  }
}

/** Where the configuration came from, and how to read it again. */
function fileOf(source: ConfigSource, flags: ServeFlags): Omit<StartOptions, 'loaded'> {
  if (source.kind !== 'file') return {}
  const { path } = source
  return {
    configPath: path,
    async readConfig() {
      try {
        return { kind: 'loaded', loaded: await readAgain(path, flags) }
      } catch (error) {
        return { kind: 'rejected', problems: problemsOf(error) }
      }
    },
  }
}

function readAgain(path: string, { host, port }: ServeFlags): Promise<LoadedConfig> {
  return loadConfig({ path, env: process.env, flags: { host, port } })
}

function problemsOf(error: unknown): string[] {
  return error instanceof ConfigError ? error.problems.map(formatProblem) : [String(error)]
}

/** A port that cannot be had, with what in the configuration asked for it. */
function withPlace(error: unknown, { config, origins }: LoadedConfig): unknown {
  const port = (error as { port?: unknown } | undefined)?.port ?? config.server.port
  const metrics = port !== config.server.port && port === config.telemetry.metricsPort
  const path = metrics ? ['telemetry', 'metricsPort'] : ['server', 'port']
  return explainListenError(error, {
    host: config.server.host,
    port: metrics ? config.telemetry.metricsPort! : config.server.port,
    toldBy: formatOrigin(origins.get(path)),
    setting: metrics ? 'telemetry.metricsPort' : '--port',
  })
}

interface Followed {
  readonly flags: ServeFlags
  readonly handle: HeadgateHandle
  /** The file's digest from before it was loaded: a change during the start is noticed as well. */
  readonly since: string | undefined
}

/** Reloads the file when it changes; a file that cannot be used is reported and the old configuration holds. */
async function follow(path: string, { flags, handle, since }: Followed): Promise<ConfigWatch> {
  const refused = (error: unknown): void => {
    for (const problem of problemsOf(error)) complain(problem)
    complain('the configuration was not reloaded; the previous one stays in use')
  }
  return await watchConfig({
    path,
    since,
    load: () => readAgain(path, flags),
    onChanged: loaded => {
      for (const warning of loaded.warnings) warn(formatProblem(warning))
      handle.reload(loaded).then(() => note(`reloaded ${path}`), refused)
    },
    onRejected: refused,
  })
}

interface Running {
  readonly prepared: Prepared
  readonly watch: ConfigWatch | undefined
  readonly signals: SignalSource
}

function stopOnSignals(handle: HeadgateHandle, { prepared, watch, signals }: Running): void {
  const seconds = prepared.loaded.config.limits.drainMs / 1000
  const close = async (mode: 'drain' | 'force'): Promise<void> => {
    watch?.close()
    await handle.close({ mode })
    await prepared.mock?.close()
  }
  onSignals(
    {
      onReload: () => {
        if (watch) void watch.reload()
        else note('there is no configuration file to reload')
      },
      onDrain: () => {
        note(`stopping: open requests have ${seconds} s to end; a second signal ends them now`)
        return close('drain').then(() => note('stopped'))
      },
      onForce: () => {
        note('ending the open requests now')
        return close('force')
      },
      onFailure: error => complain(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    },
    signals,
  )
}
