import { isIP } from 'node:net'
import { createMemoryHealth, createMemorySlots } from '@headgate/scheduler/memory'
import { clientAccess } from './compose/client-access.ts'
import { configCredentials } from './compose/config-credentials.ts'
import { inOrder } from './compose/in-order.ts'
import { isLoopback } from './compose/loopback.ts'
import { metricsOnlyRoutes, operationRoutes } from './compose/operations.ts'
import { pipelineLimits } from './compose/pipeline-limits.ts'
import { createPoolSet } from './compose/pool-set.ts'
import { inForce, restartOnly } from './compose/restart-only.ts'
import type { Config } from './config/config.ts'
import type { HeadgateHandle, StartOptions } from './handle.ts'
import { createHttpServer, type HttpServer } from './http/server.ts'
import { createPipeline } from './proxy/pipeline.ts'
import type { PipelineSnapshot } from './proxy/pipeline-deps.ts'
import { nodeClock } from './runtime/clock.ts'
import { createNodeRandom } from './runtime/random.ts'
import { createSqliteBindings } from './stores/sqlite/bindings.ts'
import { createDecisionLog } from './telemetry/decision-log.ts'
import { createLog } from './telemetry/logging.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { createRequestLog } from './telemetry/request-log.ts'
import { knowCredentials } from './text/credentials.ts'
import { createUpstream } from './upstream/client.ts'
import { newRequestId } from './wire/request-id.ts'

/**
 * The composition root: makes every part, connects them, and takes them down in order. The only file that knows
 * every folder; it decides nothing else.
 */
export async function startHeadgate({ loaded }: StartOptions): Promise<HeadgateHandle> {
  const started = loaded.config
  let config = started
  const clock = nodeClock
  const log = createLog({ level: config.telemetry.logLevel })
  const metrics = createMetrics()
  const bindings = createSqliteBindings({ path: config.store.path, clock, log })
  const health = createMemoryHealth()
  const pools = createPoolSet(
    { slots: createMemorySlots(), bindings, clock, random: createNodeRandom(), health: () => health.peer() },
    (name, scheduler) => metrics.watch(name, scheduler),
  )
  const upstream = createUpstream()
  const decisionLog =
    config.telemetry.decisionLog && createDecisionLog({ ...config.telemetry.decisionLog, clock, log })
  const requestLog = createRequestLog(log)

  const snapshotOf = ({ accounts, pools: poolConfigs, clients }: Config): PipelineSnapshot => ({
    pools: pools.apply(accounts, poolConfigs),
    clients: clientAccess(clients),
  })
  knowCredentials(bindings, configCredentials(config))
  let snapshot = snapshotOf(config)
  let draining = false

  const pipeline = createPipeline({
    snapshot: () => snapshot,
    upstream,
    clock,
    limits: pipelineLimits(config.limits),
    newRequestId,
    onAttempt: decisionLog && (attempt => decisionLog.began(attempt)),
    onRequest(record) {
      metrics.observe(record)
      requestLog(record)
      decisionLog?.observe(record)
    },
    log,
  })

  const httpLimits = {
    maxHeaderBytes: config.limits.headerBytes,
    maxHeaderFields: config.limits.headerCount,
    headersTimeoutMs: config.limits.headerTimeoutMs,
    bodyWindowMs: config.limits.bodyIdleMs,
    stalledReaderMs: config.limits.stalledReaderMs,
  }
  const { tls } = config.server
  const server = createHttpServer({
    handle: pipeline.handle,
    plainRoutes: operationRoutes({
      schedulers: () => pools.schedulers,
      draining: () => draining,
      checkStore: () => bindings.get('ready'),
      metrics,
      adminToken: () => config.admin.token?.reveal(),
      onLoopback: isLoopback(config.server.host),
    }),
    limits: httpLimits,
    tls: tls && { cert: tls.cert, key: tls.key.reveal() },
    log,
    clock,
  })
  const metricsServer = createHttpServer({
    handle: async (_inbound, outbound) => outbound.destroy(),
    plainRoutes: metricsOnlyRoutes(metrics),
    limits: httpLimits,
    log,
    clock,
  })

  async function stop(timeoutMs: number): Promise<void> {
    draining = true
    await inOrder([
      () => pools.drain(),
      async () => {
        const { cut } = await server.drain({ timeoutMs })
        if (cut > 0) log.warn({ cut }, 'Some requests were still running when the time to drain was over.')
      },
      () => metricsServer.drain({ timeoutMs: 0 }),
      () => pools.close(),
      // What runs now are exchanges of the gateway's own, which take five seconds at most.
      () => upstream.close({ timeoutMs: Math.min(timeoutMs, 5000) }),
      () => decisionLog?.close(),
      () => bindings.close(),
      () => knowCredentials(bindings, []),
      () => log.flush(),
    ])
  }

  let url: string
  try {
    url = `${tls === undefined ? 'http' : 'https'}://${await listen(server, config.server)}`
    const { metricsPort } = config.telemetry
    if (metricsPort !== undefined)
      await listen(metricsServer, { host: config.server.host, port: metricsPort })
  } catch (error) {
    await stop(0)
    throw error
  }

  let stopped: Promise<void> | undefined
  return {
    url,
    async reload(next) {
      const later = restartOnly(started, next.config)
      // The old ones stay secret while requests run with them.
      knowCredentials(bindings, [...configCredentials(config), ...configCredentials(next.config)])
      snapshot = snapshotOf(next.config)
      config = inForce(started, next.config)
      pipeline.reloaded()
      const accountIds = new Set(config.accounts.map(account => account.id))
      upstream.retain(accountIds)
      metrics.retain(accountIds)
      log.info(
        { accounts: config.accounts.length, pools: config.pools.length },
        'The configuration was reloaded.',
      )
      if (later.length > 0) log.warn({ fields: later }, 'These changes take effect at the next start.')
    },
    async close({ mode }) {
      const timeoutMs = mode === 'drain' ? config.limits.drainMs : 0
      // A second call forces what the first one waits for.
      if (stopped !== undefined && mode === 'force') {
        await server.drain({ timeoutMs: 0 })
        await upstream.close({ timeoutMs: 0 })
      }
      stopped ??= stop(timeoutMs)
      await stopped
    },
  }
}

async function listen(
  server: HttpServer,
  address: { readonly host: string; readonly port: number },
): Promise<string> {
  const { host, port } = await server.listen(address)
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}
