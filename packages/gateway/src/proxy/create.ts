// The product's heart, kept in one place: read it from serveCreate downwards.
import { isSchedulerError, type Lease, type ScheduleRequest } from '@headgate/scheduler'
import type { UpstreamRequest } from '../upstream/upstream.ts'
import { Attempt, type AttemptEnd } from './attempt.ts'
import { GatewayError } from './errors.ts'
import type { HeaderList } from './exchange.ts'
import { type FailoverState, mayMoveOn } from './failover.ts'
import { upstreamModel } from './models.ts'
import { discardOrphan } from './orphan.ts'
import { judgeReply } from './outcome.ts'
import type { AccountAccess, Capability } from './pool-access.ts'
import { RequestBody } from './request-body.ts'
import { type CreateFacts, checkContentHeaders, checkCreate } from './request-check.ts'
import {
  attemptBasis,
  ClientLeft,
  type RoutedExchange,
  routingHeaders,
  runAttempt,
  stillThere,
  upstreamHeaders,
} from './request-exchange.ts'
import { beginAttempt } from './request-record.ts'
import type { RouteKind } from './route.ts'
import { type RequestScan, scanRequest } from './scan.ts'
import { modelNotFound, schedulerRefusal } from './scheduler-refusal.ts'
import { sessionKey } from './session-key.ts'
import { spliceBytes } from './splice.ts'

/** A checked request. Its bytes go as soon as an answer begins: streams outlive them by minutes. */
interface Creation {
  readonly facts: CreateFacts
  readonly session: string | undefined
  readonly body: RequestBody
  readonly headers: HeaderList
  scan: RequestScan | undefined
}

/** Makes the model work: reads, checks, finds an account, relays its answer, moves on while nothing was said. */
export async function serveCreate(exchange: RoutedExchange): Promise<void> {
  checkContentHeaders(exchange.inbound.headers)
  const headers = upstreamHeaders(exchange.inbound, { hasBody: true })
  const leave = enter(exchange)
  try {
    const creation = await readCreation(exchange, headers)
    try {
      await generate(exchange, creation)
    } finally {
      creation.body.release()
    }
  } finally {
    leave()
  }
}

/** Holds the client to its concurrency; the answer gives the place back. */
function enter({ client, shared }: RoutedExchange): () => void {
  const { running } = shared
  const now = running.get(client.name) ?? 0
  if (client.concurrency !== undefined && now >= client.concurrency) {
    throw new GatewayError('key_concurrency', { values: { limit: client.concurrency } })
  }
  running.set(client.name, now + 1)
  return () => {
    const left = running.get(client.name)! - 1
    if (left === 0) running.delete(client.name)
    else running.set(client.name, left)
  }
}

async function readCreation(exchange: RoutedExchange, headers: HeaderList): Promise<Creation> {
  const { inbound, deps, shared, route, trace } = exchange
  const { bytes, body } = await RequestBody.read(inbound, shared.memory, deps.limits.bodyBytes)
  try {
    trace.bytesIn = bytes.length
    const scan = scanRequest(bytes)
    const facts = checkCreate(route, scan)
    trace.model = facts.model
    trace.stream = facts.stream
    return { facts, session: sessionKey(inbound.headers, scan), body, headers, scan }
  } catch (error) {
    body.release()
    throw error
  }
}

async function generate(exchange: RoutedExchange, creation: Creation): Promise<void> {
  const { pool, deps, shared } = exchange
  const budget = shared.budgetOf(pool.name)
  budget.requested()
  const { background } = creation.facts
  const state: FailoverState = {
    maxAttempts: deps.limits.attempts,
    budget,
    background,
    attempts: 0,
    ambiguous: 0,
  }
  const search = new AccountSearch(exchange, creation)
  for (;;) {
    const { lease, account } = await search.next()
    if (state.attempts++ > 0) pool.scheduler.reportSwitch()
    const end = await leased(lease, () => attempt(exchange, creation, lease, account))
    if (end.kind === 'answered') return
    if (end.kind === 'client_left') throw new ClientLeft()
    if (end.kind === 'crashed') throw end.error
    if (end.orphanId !== undefined && creation.facts.store)
      discardOrphan(exchange, account.target, end.orphanId)
    search.failed(account.id, end)
    const told = end.verdict.mayFailOver
    if (!mayMoveOn(state, end)) throw search.lastError({ exhausted: told && state.attempts > 1 })
  }
}

/** A fault of ours between taking a slot and using it must not keep the slot. */
async function leased<T>(lease: Lease, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (error) {
    lease[Symbol.dispose]()
    throw error
  }
}

/** One request's way through the accounts of its pool. */
class AccountSearch {
  readonly #exchange: RoutedExchange
  readonly #creation: Creation
  readonly #request: ScheduleRequest
  #excluded: Set<string> | undefined
  #last: (AttemptEnd & { readonly kind: 'failed' }) | undefined
  #ownersRelayed = false

  constructor(exchange: RoutedExchange, creation: Creation) {
    this.#exchange = exchange
    this.#creation = creation
    const { client, pool, route } = exchange
    const { model, continues } = creation.facts
    const excluded = pool.incapable(needs(route.kind, creation.facts))
    this.#request = {
      tenant: client.tenant,
      model,
      transport: 'http_sse',
      ...(creation.session === undefined ? {} : { session: creation.session }),
      ...(continues === undefined ? {} : { owners: [continues.key] }),
      ...(excluded === undefined ? {} : { excluded }),
    }
  }

  /** The next account with a slot of it in hand. Throws what the client is to be told when there is none. */
  async next(): Promise<{ lease: Lease; account: AccountAccess }> {
    for (;;) {
      const lease = await this.#acquire()
      const account = this.#accountOf(lease)
      if (account !== undefined) return { lease, account }
      // It left the configuration between the choice and now.
      lease[Symbol.dispose]()
      this.#exclude(lease.account.id)
    }
  }

  failed(accountId: string, end: AttemptEnd & { readonly kind: 'failed' }): void {
    this.#last = end
    this.#exclude(accountId)
  }

  /** What the client hears when no account is left: the last one's error. */
  lastError(): GatewayError {
    const { answer } = this.#last!.verdict
    if (answer === 'relay') {
      return new GatewayError('upstream_bad_response', { values: { detail: 'its error message broke off' } })
    }
    return answer.code === 'model_not_found' ? this.#modelNotFound() : answer
  }

  async #acquire(): Promise<Lease> {
    const { pool, inbound } = this.#exchange
    for (;;) {
      try {
        const lease = await pool.scheduler.acquire(this.#current(), { signal: inbound.signal })
        if (!inbound.signal.aborted) return lease
        lease.settle({ outcome: { kind: 'client_abort' } })
      } catch (error) {
        stillThere(inbound)
        if (this.#last !== undefined) throw this.lastError()
        if (!isSchedulerError(error)) throw error
        const unknown = error.code === 'owner_unknown' && pool.unknownOwners === 'relay'
        if (!unknown || this.#ownersRelayed) throw this.#refusal(error)
        this.#ownersRelayed = true
      }
      stillThere(inbound)
    }
  }

  #refusal(error: Parameters<typeof schedulerRefusal>[0]): GatewayError {
    const { pool } = this.#exchange
    const { model, continues } = this.#creation.facts
    const nearestModels = () => this.#exchange.shared.models.nearest(pool.accounts, model)
    return schedulerRefusal(error, { scheduler: pool.scheduler, model, continues, nearestModels })
  }

  #modelNotFound(): GatewayError {
    const { pool, shared } = this.#exchange
    const { model } = this.#creation.facts
    return modelNotFound(model, shared.models.nearest(pool.accounts, model))
  }

  #current(): ScheduleRequest {
    if (this.#excluded === undefined && !this.#ownersRelayed) return this.#request
    const { owners, ...request } = this.#request
    return {
      ...request,
      ...(owners === undefined || this.#ownersRelayed ? {} : { owners }),
      ...(this.#excluded === undefined ? {} : { excluded: this.#excluded }),
    }
  }

  #exclude(accountId: string): void {
    this.#excluded ??= new Set(this.#request.excluded)
    this.#excluded.add(accountId)
  }

  /** An account that was added by a reload after this request began is found in the newest snapshot. */
  #accountOf(lease: Lease): AccountAccess | undefined {
    const { pool, deps } = this.#exchange
    const { id } = lease.account
    return pool.account(id) ?? deps.snapshot().pools.get(pool.name)?.account(id)
  }
}

function needs(kind: RouteKind, facts: CreateFacts): readonly Capability[] {
  if (kind === 'create_chat') return chatNeeds
  if (kind === 'create_embeddings') return embeddingsNeeds
  if (!facts.background && facts.continues === undefined) return responsesNeeds
  const list: Capability[] = ['responses']
  if (facts.background) list.push('background')
  if (facts.continues?.kind === 'response') list.push('storedResponses')
  if (facts.continues?.kind === 'conversation') list.push('conversations')
  return list
}

const chatNeeds: readonly Capability[] = ['chat']
const embeddingsNeeds: readonly Capability[] = ['embeddings']
const responsesNeeds: readonly Capability[] = ['responses']

function attempt(
  exchange: RoutedExchange,
  creation: Creation,
  lease: Lease,
  account: AccountAccess,
): Promise<AttemptEnd> {
  const { route, pool, trace } = exchange
  const { facts } = creation
  const record = beginAttempt(account.id, lease)
  trace.attempts.push(record)
  trace.lease = lease
  const streams = facts.stream && !facts.background
  const one = new Attempt({
    ...attemptBasis(exchange),
    lease,
    record,
    commit: facts.background ? 'at_once' : pool.commit,
    firstTokenTimeoutMs: streams ? (account.firstTokenTimeoutMs ?? pool.firstTokenTimeoutMs) : undefined,
    dialect: route.kind === 'create_chat' ? 'chat' : 'responses',
    bindsIds:
      route.kind === 'create_response' && facts.store && account.capabilities?.storedResponses !== false,
    model: facts.model,
    continuesResponse: facts.continues !== undefined,
    judge: judgeReply,
    extraHeaders: routingHeaders(exchange),
    onCommit: () => {
      creation.scan = undefined
      creation.body.release()
    },
  })
  return runAttempt(exchange, one, upstreamRequest(exchange, creation, account))
}

/** The client's bytes, but for the model's name where the account calls it differently. */
function upstreamRequest(
  exchange: RoutedExchange,
  creation: Creation,
  account: AccountAccess,
): UpstreamRequest {
  const { facts, scan } = creation
  const { bytes } = scan!
  const name = upstreamModel(account.models, facts.model)
  const { start, end } = facts.modelField
  const splices =
    name === facts.model ? [] : [{ start, end, bytes: new TextEncoder().encode(JSON.stringify(name)) }]
  return {
    target: account.target,
    method: 'POST',
    path: exchange.route.upstreamPath,
    headers: creation.headers,
    body: spliceBytes(bytes, splices),
  }
}
