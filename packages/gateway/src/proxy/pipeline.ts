import type { Log } from '../runtime/log.ts'
import { headerValue } from '../wire/header-list.ts'
import { authenticate, type ClientLookup, type Credential } from './admission/credentials.ts'
import { permittedPool } from './admission/permitted.ts'
import { createRates } from './admission/rates.ts'
import { endAll, endRevoked } from './admission/revocation.ts'
import { createWrongKeys } from './admission/wrong-keys.ts'
import { answerError } from './answer.ts'
import { createByteBudget } from './byte-budget.ts'
import { Cancellation, ClientLeft } from './cancellation.ts'
import { GatewayError, isGatewayError } from './errors/errors.ts'
import { createRetrySpread } from './errors/retry-spread.ts'
import type { Inbound, Outbound } from './exchange.ts'
import type { GenerationExchange } from './generation/account-search.ts'
import { serveCreate } from './generation/create.ts'
import { serveModelForm } from './generation/model-form.ts'
import { createOutages } from './generation/outage.ts'
import { PoolHedging } from './generation/pool-hedging.ts'
import { createRetryBudget, type RetryBudget } from './generation/retry-budget.ts'
import { createTokenEstimates } from './generation/token-estimates.ts'
import { createModelDirectory } from './models/models.ts'
import { serveModel, serveModelList } from './models/serve-models.ts'
import { type ObjectExchange, serveObject } from './objects/serve-object.ts'
import { type PlacementExchange, servePlaced } from './objects/serve-placed.ts'
import type { PipelineDeps } from './pipeline-deps.ts'
import {
  cancelRequest,
  type RequestExchange,
  type RoutedExchange,
  refusalHeaders,
  type Shared,
} from './request-exchange.ts'
import { RequestTrace } from './request-record.ts'
import { matchRoute } from './routing/route.ts'

/** The data plane. */
export interface Pipeline {
  /**
   * Serves one request to its end: whatever happens, the client is answered, cut off or gone, every lease is
   * settled, and the record is told. Never rejects.
   */
  handle(inbound: Inbound, outbound: Outbound): Promise<void>
  /** A new snapshot is in force: ends the requests of revoked keys, and forgets what was learned of accounts it lacks. */
  reloaded(): void
  /** Ends what still runs, and tells each client that the gateway is shutting down. */
  endAll(): void
  /** What bodies of requests and answers hold in memory now. */
  readonly bufferedBytes: number
}

/**
 * Builds the pipeline: route, authenticate, read and check, find an account, relay, settle. It knows neither the
 * server nor the client library, so that `node:http`, a WebSocket and an in-process fetch can all drive it.
 */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const shared = createShared(deps)
  return {
    async handle(inbound, outbound) {
      const trace = new RequestTrace(deps.newRequestId(), inbound)
      trace.clientRequestId = clientRequestId(inbound)
      const cancellation = new Cancellation()
      const exchange: RequestExchange = {
        deps,
        shared,
        inbound,
        outbound,
        trace,
        cancellation,
        rateCharge: undefined,
        attempt: undefined,
      }
      const onAbort = (): void => cancelRequest(exchange, new ClientLeft())
      inbound.signal.addEventListener('abort', onAbort, { once: true })
      if (inbound.signal.aborted) onAbort()
      try {
        await serve(exchange)
      } catch (error) {
        refuse(exchange, error)
      } finally {
        inbound.signal.removeEventListener('abort', onAbort)
      }
      trace.durationMs = deps.clock.monotonicMs() - inbound.receivedAtMs
      tell(deps, trace)
    },
    get bufferedBytes() {
      return shared.memory.used
    },
    reloaded() {
      const { clients, pools } = deps.snapshot()
      shared.models.retain([...pools.values()].flatMap(pool => pool.accounts))
      shared.rates.retain(clients.names)
      const count = endRevoked(shared.underWay, clients)
      if (count > 0) deps.log.info({ count }, 'Requests whose keys were revoked are ended.')
    },
    endAll: () => endAll(shared.underWay),
  }
}

function serve(exchange: RequestExchange): Promise<void> {
  const { inbound, deps, trace } = exchange
  const snapshot = deps.snapshot()
  const route = matchRoute(inbound.method, inbound.target)
  trace.route = route.pattern
  const credential = identify(exchange, snapshot.clients)
  const { client } = credential
  trace.client = client.name
  trace.tenant = client.tenant
  const pool = permittedPool(client, inbound.headers, snapshot.pools)
  trace.pool = pool.name
  // The same object goes on: the abort listener looks for the attempt in it.
  const routed: RoutedExchange = Object.assign(exchange, { route, credential, client, pool })
  return underWay(routed)
}

/** Whose request it is. An address that tries key after key is slowed down; a right key is let in from anywhere. */
function identify({ inbound, shared }: RequestExchange, clients: ClientLookup): Credential {
  try {
    return authenticate(inbound.headers, inbound.target, clients)
  } catch (error) {
    if (!isGatewayError(error) || error.code !== 'invalid_api_key') throw error
    const retryAfterMs = shared.wrongKeys.noted(inbound.remoteAddress)
    throw retryAfterMs === undefined ? error : new GatewayError('too_many_wrong_keys', { retryAfterMs })
  }
}

/** The pool's scheduler stays until the last exchange that began with it is over. */
async function underWay(routed: RoutedExchange): Promise<void> {
  const { pool, shared } = routed
  pool.exchanges?.begin()
  shared.underWay.add(routed)
  try {
    await serveRouted(routed)
  } finally {
    shared.underWay.delete(routed)
    pool.exchanges?.end()
  }
}

function serveRouted(routed: RoutedExchange): Promise<void> {
  switch (routed.route.kind) {
    case 'list_models':
      return serveModelList(routed)
    case 'get_model':
      return serveModel(routed)
    case 'placed':
      return servePlaced(routed as PlacementExchange)
    case 'model_form':
      return serveModelForm(routed as GenerationExchange)
    case 'object':
      return serveObject(routed as ObjectExchange)
    default:
      return serveCreate(routed as GenerationExchange)
  }
}

/** Says what went wrong to whoever still listens. */
function refuse(exchange: RequestExchange, error: unknown): void {
  const { inbound, outbound, trace, deps } = exchange
  if (error instanceof ClientLeft || inbound.signal.aborted) {
    if (trace.status === 0) trace.status = 499
    trace.errorCode = 'client_closed'
    outbound.destroy()
    return
  }
  logFault(deps.log, trace.requestId, error)
  if (outbound.begun) {
    trace.errorCode = 'internal_error'
    outbound.destroy()
    return
  }
  const answer = isGatewayError(error) ? error : new GatewayError('internal_error')
  answerError(outbound, answer, trace, refusalHeaders(exchange))
}

/** The client is told to look here: whatever is not its doing nor an upstream's, and why. */
function logFault(log: Log, requestId: string, error: unknown): void {
  if (!isGatewayError(error)) {
    log.error({ requestId, error }, 'A request failed inside the gateway.')
  } else if (error.status >= 500 && error.cause !== undefined) {
    const { code, message, cause } = error
    log.error({ requestId, errorCode: code, error: cause }, message)
  }
}

function tell(deps: PipelineDeps, trace: RequestTrace): void {
  try {
    deps.onRequest?.(trace)
  } catch (error) {
    deps.log.error({ requestId: trace.requestId, error }, 'A listener of request records failed.')
  }
}

function createShared(deps: PipelineDeps): Shared {
  const { clock, limits, upstream } = deps
  const budgets = new Map<string, RetryBudget>()
  const hedging = new Map<string, PoolHedging>()
  return {
    memory: createByteBudget(limits.bufferedBytes, () => deps.snapshot().clients.tenants.size === 1),
    models: createModelDirectory({ upstream, clock }),
    estimates: createTokenEstimates(),
    spreadRetry: createRetrySpread(clock),
    outages: createOutages(clock),
    running: new Map(),
    asking: new Map(),
    underWay: new Set(),
    wrongKeys: createWrongKeys(clock),
    rates: createRates(clock),
    hedgingOf(pool) {
      let state = hedging.get(pool)
      if (state === undefined) {
        state = new PoolHedging()
        hedging.set(pool, state)
      }
      return state
    },
    budgetOf(pool) {
      let budget = budgets.get(pool)
      if (budget === undefined) {
        budget = createRetryBudget(clock, { ratio: limits.retryRatio, reserve: limits.retryBurst })
        budgets.set(pool, budget)
      }
      return budget
    },
  }
}

/** The client's own name for the request, for the log only. */
function clientRequestId(inbound: Inbound): string | undefined {
  const id =
    headerValue(inbound.headers, 'x-client-request-id') ?? headerValue(inbound.headers, 'x-request-id')
  return id !== undefined && /^[\x21-\x7e]{1,128}$/.test(id) ? id : undefined
}
