import { randomBytes } from 'node:crypto'
import type { BindingStore, Scheduler } from '@headgate/scheduler'
import { createMemoryBindings } from '@headgate/scheduler/memory'
import { createDataPlane } from '../compose/data-plane.ts'
import { inOrder } from '../compose/in-order.ts'
import type { Config } from '../config/config.ts'
import { type ConfigObject, configFromObject } from '../config/from-object.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { RequestRecord } from '../proxy/request-record.ts'
import { backgroundClock, nodeClock } from '../runtime/clock.ts'
import { type Log, silentLog } from '../runtime/log.ts'
import { RunningCount } from '../runtime/running-count.ts'
import { createSqliteBindings } from '../stores/sqlite/bindings.ts'
import { createAccountLog } from '../telemetry/account-log.ts'
import { createRequestLog } from '../telemetry/request-log.ts'
import { InProcessExchange } from './exchange.ts'
import { headerList } from './header-list.ts'
import { requestParts } from './request-parts.ts'

/** Options of {@link createFetch}. */
export interface CreateFetchOptions {
  /**
   * A folder that keeps bindings (which account holds which conversation) over restarts; one process at a time.
   * Default: in memory, gone with the process.
   */
  readonly storePath?: string
  /** Default: silent. */
  readonly log?: Log
  /** Hears of every request when it is over: account, attempts, decision, usage, times. */
  readonly onRequest?: (record: RequestRecord) => void
}

/** A `fetch` that finds an account for every request. */
export interface HeadgateFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Those in force, by pool: accounts and their states, decisions, an operator's word. */
  schedulers(): ReadonlyMap<string, Scheduler>
  /** Puts other accounts, pools and clients in force; answers what waits for a new fetch. Throws `ConfigError`. */
  reload(config: ConfigObject | LoadedConfig): readonly string[]
  /**
   * Takes no new requests. `drain` (default) lets those under way end within `limits.drain`, `force` cuts them. Ends
   * when all is closed; further calls wait for the same end.
   */
  close(options?: { readonly mode: 'drain' | 'force' }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The gateway without a gateway: a function for the `fetch` option of the OpenAI SDK, or of anything that speaks the
 * API through `fetch`. It drives the same data plane as the server, with no socket in between: scheduling, failover,
 * ownership and limits are the same, and so are errors, which are answers and not exceptions. It rejects as `fetch`
 * does: when the caller aborts, and for arguments that are no request.
 *
 * Whatever base URL and key the client library was given, the path from `/v1/` on decides, and the accounts' own keys
 * are sent. Where `clients` are configured, theirs must be sent. A fetch that nobody closes lets its process end.
 * @throws ConfigError with every problem of the configuration.
 */
export function createFetch(
  config: ConfigObject | LoadedConfig,
  options: CreateFetchOptions = {},
): HeadgateFetch {
  const { storePath, log = silentLog, onRequest } = options
  const clock = nodeClock
  // Nobody outside learns it, so nobody can be this client but through this function.
  const implicitKey = `hg-${randomBytes(24).toString('base64url')}`
  const started = resolved(config, implicitKey)
  const { store, checkBindings, closeStore } = openStore(storePath, log)
  const requestLog = createRequestLog(log)
  const plane = createDataPlane({
    config: started,
    bindings: store,
    checkBindings,
    clock,
    background: backgroundClock,
    log,
    onAccount: createAccountLog(log),
    onRequest(record) {
      requestLog(record)
      onRequest?.(record)
    },
  })
  const world = { clock, stalledReaderMs: started.limits.stalledReaderMs }
  const running = new RunningCount()
  const exchanges = new Set<InProcessExchange>()

  async function call(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const parts = requestParts(input, init)
    parts.signal?.throwIfAborted()
    const key = isImplicit(plane.config, implicitKey) ? implicitKey : undefined
    const exchange = new InProcessExchange(parts, headerList(parts, key), world)
    exchanges.add(exchange)
    running.begin()
    void serve(exchange)
    return await exchange.response
  }

  async function serve(exchange: InProcessExchange): Promise<void> {
    try {
      await plane.handle(exchange, exchange)
    } catch (error) {
      log.error({ error }, 'The pipeline failed.')
    } finally {
      exchange.abandon()
      exchanges.delete(exchange)
      running.end()
    }
  }

  const cut = (): void => {
    for (const exchange of [...exchanges]) exchange.destroy()
  }

  async function stop(timeoutMs: number): Promise<void> {
    plane.drain()
    await running.whenIdle(clock, timeoutMs)
    cut()
    await inOrder([() => plane.close({ timeoutMs: 0 }), closeStore])
  }

  let stopped: Promise<void> | undefined
  const close: HeadgateFetch['close'] = async ({ mode } = { mode: 'drain' }) => {
    // A second call forces what the first one waits for.
    if (stopped !== undefined && mode === 'force') cut()
    stopped ??= stop(mode === 'drain' ? started.limits.drainMs : 0)
    await stopped
  }

  return Object.assign(call, {
    schedulers: () => plane.schedulers,
    reload: (next: ConfigObject | LoadedConfig) => plane.reload(resolved(next, implicitKey)),
    close,
    [Symbol.asyncDispose]: () => close(),
  })
}

function resolved(config: ConfigObject | LoadedConfig, implicitKey: string): Config {
  return 'origins' in config ? config.config : configFromObject(config, { implicitKey })
}

/** Whether the one client is the one that was made up here. */
function isImplicit({ clients }: Config, implicitKey: string): boolean {
  return clients[0]!.keys[0]!.reveal() === implicitKey
}

function openStore(
  path: string | undefined,
  log: Log,
): {
  readonly store: BindingStore
  readonly checkBindings?: () => void
  readonly closeStore: () => Promise<void> | undefined
} {
  if (path === undefined) {
    return { store: createMemoryBindings({ clock: nodeClock }), closeStore: () => undefined }
  }
  const store = createSqliteBindings({ path, clock: backgroundClock, log })
  return { store, checkBindings: () => store.checkWrites(), closeStore: () => store.close() }
}
