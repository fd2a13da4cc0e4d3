import type { HeaderList } from '../wire/header-list.ts'
import type { ClientAccess, Credential } from './admission/credentials.ts'
import { mayUseModel } from './admission/permitted.ts'
import type { RateCharge, Rates } from './admission/rates.ts'
import type { WrongKeys } from './admission/wrong-keys.ts'
import type { Attempt, AttemptOptions } from './attempt/attempt.ts'
import type { ByteBudget, ByteShare } from './byte-budget.ts'
import { type Cancellation, ClientLeft } from './cancellation.ts'
import { GatewayError } from './errors/errors.ts'
import type { RetrySpread } from './errors/retry-spread.ts'
import type { Inbound, Outbound } from './exchange.ts'
import type { Outages } from './generation/outage.ts'
import type { PoolHedging } from './generation/pool-hedging.ts'
import type { RetryBudget } from './generation/retry-budget.ts'
import type { TokenEstimates } from './generation/token-estimates.ts'
import type { ModelDirectory } from './models/models.ts'
import type { PipelineDeps } from './pipeline-deps.ts'
import type { AccountAccess, PoolAccess } from './pool-access.ts'
import { hopsOf, requestHeaders } from './request/request-headers.ts'
import type { RequestTrace } from './request-record.ts'
import type { Route } from './routing/route.ts'

/** What all requests of one pipeline share. */
export interface Shared {
  readonly memory: ByteBudget
  readonly models: ModelDirectory
  readonly estimates: TokenEstimates
  /** For those who are turned away until an instant that is the same for many. */
  readonly spreadRetry: RetrySpread
  /** Where (nearly) everything fails at the moment. */
  readonly outages: Outages
  /** One budget a pool: an outage of one pool must not spend another's. */
  budgetOf(pool: string): RetryBudget
  /** What a pool that hedges has learned and may spend. */
  hedgingOf(pool: string): PoolHedging
  /** Requests under way that make something, by client name. */
  readonly running: Map<string, number>
  /** Those about what is stored. */
  readonly asking: Map<string, number>
  /** Every request under way whose client is known. */
  readonly underWay: Set<RoutedExchange>
  readonly wrongKeys: WrongKeys
  readonly rates: Rates
}

/** One request between its two sides. */
export interface RequestExchange {
  readonly deps: PipelineDeps
  readonly shared: Shared
  readonly inbound: Inbound
  readonly outbound: Outbound
  readonly trace: RequestTrace
  readonly cancellation: Cancellation
  /** Set while it is served, for clients with rates. */
  rateCharge: RateCharge | undefined
  /** The upstream exchange under way, or two that race. */
  attempt: Cancellable | undefined
}

/** Whom to tell that a request may not go on. */
export type Cancellable = Pick<Attempt, 'clientLeft' | 'cut'>

/** A request whose route, client and pool are known. */
export interface RoutedExchange<R extends Route = Route> extends RequestExchange {
  readonly route: R
  readonly credential: Credential
  readonly client: ClientAccess
  readonly pool: PoolAccess
}

/** An account of the request's pool. One that a reload added after it began is found in the newest snapshot. */
export function accountOf({ pool, deps }: RoutedExchange, id: string): AccountAccess | undefined {
  return pool.account(id) ?? deps.snapshot().pools.get(pool.name)?.account(id)
}

/** What the request's tenant may keep in memory. */
export function memoryOf({ shared, client }: RoutedExchange): ByteShare {
  return shared.memory.of(client.tenant)
}

/** Names a 404 may suggest in the place of `model`: only those this client may use. */
export function nearestModels({ pool, client, shared }: RoutedExchange, model: string): readonly string[] {
  return shared.models.nearest(pool.accounts, model, name => mayUseModel(client, name))
}

/** The part of {@link AttemptOptions} that is the same for every attempt of a request. */
export function attemptBasis(exchange: RoutedExchange) {
  const { deps, outbound, inbound, trace } = exchange
  const { upstream, clock, limits, log } = deps
  const basis = { upstream, clock, limits, log, memory: memoryOf(exchange), outbound, trace }
  return { ...basis, receivedAtMs: inbound.receivedAtMs } satisfies Partial<AttemptOptions>
}

/**
 * Runs what asks upstreams on the request's behalf, and lets it hear when the request is cancelled: also when that was
 * between the choice of an account and now.
 */
export async function underCancellation<T>(
  exchange: RequestExchange,
  attempt: Cancellable,
  run: () => Promise<T>,
): Promise<T> {
  exchange.attempt = attempt
  try {
    const running = run()
    const { reason } = exchange.cancellation
    if (reason !== undefined) endAttempt(attempt, reason)
    return await running
  } finally {
    exchange.attempt = undefined
  }
}

/** Ends a request before its answer is complete, wherever it stands. The first reason counts. */
export function cancelRequest(exchange: RequestExchange, reason: ClientLeft | GatewayError): void {
  const { cancellation, attempt, trace, inbound } = exchange
  if (cancellation.aborted) return
  cancellation.cancel(reason)
  if (attempt !== undefined) endAttempt(attempt, reason)
  if (reason instanceof ClientLeft) return
  trace.errorCode = reason.code
  inbound.failBody(reason)
}

function endAttempt(attempt: Cancellable, reason: ClientLeft | GatewayError): void {
  if (reason instanceof ClientLeft) attempt.clientLeft()
  else attempt.cut(reason)
}

/** The headers of an upstream request. Throws `loop_detected` when too many gateways have passed it on. */
export function upstreamHeaders(
  { inbound, client }: RoutedExchange,
  options: { readonly contentType: string | undefined },
): HeaderList {
  const hops = hopsOf(inbound.headers)
  if (hops >= maxHops) throw new GatewayError('loop_detected', { values: { hops } })
  return requestHeaders(inbound.headers, { ...options, hops, tenant: client.tenant })
}

const maxHops = 3

/** What a client is told beside its answer: its own rates, what was left out of its request, and the routing if it asked. */
export function answerHeaders(exchange: RoutedExchange): HeaderList {
  const told = refusalHeaders(exchange)
  return exchange.trace.removedItems === 0 ? told : [...told, replayedHeader]
}

/** The same of an answer of the gateway's own, which may come before it is known who asks. */
export function refusalHeaders({
  client,
  trace,
  rateCharge,
}: RequestExchange & Partial<Pick<RoutedExchange, 'client'>>): HeaderList {
  const rates = rateCharge?.headers ?? none
  if (client?.diagnostics !== 'headers') return rates
  const { attempts, account, decisionId, pool } = trace
  const headers = [...rates, ['x-headgate-attempts', String(attempts.length)] as const]
  if (pool !== undefined) headers.push(['x-headgate-pool', pool])
  if (account !== undefined) headers.push(['x-headgate-account', account])
  if (decisionId !== undefined) headers.push(['x-headgate-decision', String(decisionId)])
  return headers
}

const none: HeaderList = []
const replayedHeader = ['x-headgate-replayed', 'encrypted-items-removed'] as const
