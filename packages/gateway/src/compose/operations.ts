import { createHash, timingSafeEqual } from 'node:crypto'
import type { Scheduler } from '@headgate/scheduler'
import type { PlainAnswer, PlainRequest, PlainRoute } from '../http/plain-route.ts'
import { GatewayError } from '../proxy/errors/errors.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/** What the operational routes look at. */
export interface OperationsWorld {
  readonly schedulers: () => ReadonlyMap<string, Scheduler>
  readonly draining: () => boolean
  /** Throws when the store cannot be reached. */
  readonly checkStore: () => void
  readonly metrics: Metrics
  /** The admin token in force, undefined when there is none. */
  readonly adminToken: () => string | undefined
  /** True when only this machine can reach the port. */
  readonly onLoopback: boolean
}

/** `/health`, `/ready` and `/metrics`, with the spellings that Kubernetes and other gateways use. */
export function operationRoutes(world: OperationsWorld): Record<string, PlainRoute> {
  const health: PlainRoute = () => answer(200, { status: 'ok' })
  const ready: PlainRoute = () => readiness(world)
  return {
    '/health': health,
    '/livez': health,
    '/health/liveness': health,
    '/ready': ready,
    '/readyz': ready,
    '/health/readiness': ready,
    '/metrics': request => metricsPage(world, request),
  }
}

/** `/metrics` alone, for a port of its own: who may reach that port is the operator's business. */
export function metricsOnlyRoutes(metrics: Metrics): Record<string, PlainRoute> {
  return { '/metrics': () => page(metrics) }
}

/** Ready means: a request that came now could be served. */
function readiness({ draining, checkStore, schedulers }: OperationsWorld): PlainAnswer {
  if (draining()) return answer(503, { status: 'draining' })
  try {
    checkStore()
  } catch {
    return answer(503, { status: 'store_unreachable' })
  }
  const pools = [...schedulers()].map(([name, scheduler]) => {
    const usable = scheduler
      .accounts()
      .filter(({ state }) => ['active', 'slow_start', 'probing'].includes(state))
    return { name, accounts: scheduler.accounts().length, usable: usable.length }
  })
  const served = pools.some(pool => pool.usable > 0)
  return answer(served ? 200 : 503, { status: served ? 'ready' : 'no_usable_account', pools })
}

async function metricsPage(world: OperationsWorld, request: PlainRequest): Promise<PlainAnswer> {
  const token = world.adminToken()
  if (!world.onLoopback && (token === undefined || !presents(request, token))) {
    throw new GatewayError('admin_token_required')
  }
  return page(world.metrics)
}

async function page(metrics: Metrics): Promise<PlainAnswer> {
  return { status: 200, headers: [['content-type', metrics.contentType]], body: await metrics.text() }
}

function presents({ headers }: PlainRequest, token: string): boolean {
  const given = headers.find(([name]) => name === 'authorization')?.[1] ?? ''
  // Digests, because timingSafeEqual wants equal lengths and a length is a hint.
  return timingSafeEqual(digest(given), digest(`Bearer ${token}`))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function answer(status: number, body: object): PlainAnswer {
  return { status, headers: [['content-type', 'application/json']], body: `${JSON.stringify(body)}\n` }
}
