import { isIP } from 'node:net'
import { createAdminMount } from './admin/admin-mount.ts'
import { adminWorld } from './compose/admin-world.ts'
import { createDataPlane } from './compose/data-plane.ts'
import { inOrder } from './compose/in-order.ts'
import { isLoopback } from './compose/loopback.ts'
import { metricsOnlyRoutes, operationRoutes } from './compose/operations.ts'
import type { LoadedConfig } from './config/load.ts'
import type { HeadgateHandle, StartOptions } from './handle.ts'
import { createHttpServer, type HttpServer } from './http/server.ts'
import { nodeClock } from './runtime/clock.ts'
import { createLoadProbe } from './runtime/load-probe.ts'
import { createSqliteBindings } from './stores/sqlite/bindings.ts'
import { createAccountLog } from './telemetry/account-log.ts'
import { createLog } from './telemetry/logging.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { createOverloadLog } from './telemetry/overload-log.ts'
import { createRequestLog } from './telemetry/request-log.ts'

/**
 * The composition root of the server: makes every part around the data plane, connects them, and takes them down in
 * order. It decides nothing else.
 */
export async function startHeadgate({ loaded, probe, readConfig }: StartOptions): Promise<HeadgateHandle> {
  const { config } = loaded
  const clock = nodeClock
  const log = createLog({ level: config.telemetry.logLevel })
  const metrics = createMetrics()
  const requestLog = createRequestLog(log)
  const accountLog = createAccountLog(log)
  const bindings = createSqliteBindings({ path: config.store.path, clock, log })
  const plane = createDataPlane({
    config,
    bindings,
    checkBindings: () => bindings.checkWrites(),
    clock,
    log,
    watch: (pool, scheduler) => metrics.watch(pool, scheduler),
    onAccount(change) {
      metrics.accountChanged(change)
      accountLog(change)
    },
    onRequest(record) {
      metrics.observe(record)
      requestLog(record)
    },
    probe: probe ?? createLoadProbe(),
    onOverload: createOverloadLog(log),
  })
  metrics.showTokens(plane.tokenStates)
  metrics.showOverload(plane)
  let draining = false

  const httpLimits = {
    maxHeaderBytes: config.limits.headerBytes,
    maxHeaderFields: config.limits.headerCount,
    headersTimeoutMs: config.limits.headerTimeoutMs,
    bodyWindowMs: config.limits.bodyIdleMs,
    stalledReaderMs: config.limits.stalledReaderMs,
  }
  const apply = (next: LoadedConfig): readonly string[] => {
    const later = plane.reload(next.config)
    const { accounts, pools } = plane.config
    metrics.retain(new Set(accounts.map(account => account.id)))
    log.info({ accounts: accounts.length, pools: pools.length }, 'The configuration was reloaded.')
    if (later.length > 0) log.warn({ fields: later }, 'These changes take effect at the next start.')
    return later
  }
  const admin = createAdminMount(adminWorld({ plane, readConfig, apply, clock, log }))
  const { tls } = config.server
  const server = createHttpServer({
    handle: plane.handle,
    plainRoutes: operationRoutes({
      schedulers: () => plane.schedulers,
      draining: () => draining,
      checkStore: () => bindings.check(),
      metrics,
      adminToken: () => plane.config.admin.token?.reveal(),
      onLoopback: isLoopback(config.server.host),
    }),
    mount: admin,
    limits: httpLimits,
    tls: tls && { cert: tls.cert, key: tls.key.reveal() },
    trustedProxies: config.server.trustedProxies,
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
      () => plane.drain(),
      async () => {
        const { cut } = await server.drain({ timeoutMs, endAll: plane.endAll })
        if (cut > 0) log.warn({ cut }, 'Some requests were still running when the time to drain was over.')
      },
      () => admin.close(),
      () => metricsServer.drain({ timeoutMs: 0 }),
      // What runs now are exchanges of the gateway's own, which take five seconds at most.
      () => plane.close({ timeoutMs: Math.min(timeoutMs, 5000) }),
      () => bindings.close(),
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
      apply(next)
    },
    async close({ mode }) {
      const timeoutMs = mode === 'drain' ? config.limits.drainMs : 0
      // A second call forces what the first one waits for.
      if (stopped !== undefined && mode === 'force') {
        await server.drain({ timeoutMs: 0, endAll: plane.endAll })
        await plane.cut()
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
