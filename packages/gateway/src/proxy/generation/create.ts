// The product's heart, kept in one place: read it from serveCreate downwards.
import { upstreamModel } from '@headgate/scheduler'
import type { HeaderList } from '../../wire/header-list.ts'
import type { UpstreamRequest } from '../../wire/upstream.ts'
import { mayUseModel } from '../admission/permitted.ts'
import { withinLimits } from '../admission/running.ts'
import { shedNewWork } from '../admission/shed.ts'
import { Attempt, type AttemptEnd } from '../attempt/attempt.ts'
import { judgeReply } from '../attempt/outcome.ts'
import { ClientLeft } from '../cancellation.ts'
import { GatewayError } from '../errors/errors.ts'
import { modelNotFound } from '../errors/scheduler-refusal.ts'
import {
  type Binds,
  bindsNothing,
  bindsOfChat,
  bindsOfCompaction,
  bindsOfResponse,
} from '../ownership/binds.ts'
import { ensureBindable } from '../ownership/can-bind.ts'
import { removalsOf } from '../ownership/replay.ts'
import type { AccountAccess } from '../pool-access.ts'
import { cacheKeySplice } from '../request/cache-key.ts'
import { fingerprint } from '../request/fingerprint.ts'
import { RequestBody } from '../request/request-body.ts'
import { type CreateFacts, checkContentHeaders, checkCreate } from '../request/request-check.ts'
import { type RequestScan, scanRequest } from '../request/scan.ts'
import { sessionKey } from '../request/session-key.ts'
import { type Splice, spliceBytes } from '../request/splice.ts'
import { answerHeaders, attemptBasis, memoryOf, nearestModels, upstreamHeaders } from '../request-exchange.ts'
import { AttemptTrace } from '../request-record.ts'
import type { Generation } from '../routing/operation.ts'
import { AccountSearch, type GenerationExchange, generationNeeds, type SearchKeys } from './account-search.ts'
import { withinTime } from './deadline.ts'
import { beginFailover, countFailure, mayMoveOn, nextAccount } from './failover.ts'
import type { Finish } from './hedge.ts'
import { type Chosen, type CreateAttempt, isTurn, type MakeAttempt, runAttempts } from './hedged-attempts.ts'
import { discardOrphan } from './orphan.ts'

/** A checked request. Its bytes go as soon as an answer begins: streams outlive them by minutes. */
interface Creation {
  readonly facts: CreateFacts
  readonly keys: SearchKeys
  readonly body: RequestBody
  readonly headers: HeaderList
  scan: RequestScan | undefined
  /** Where the items start that are left out of `input`. */
  removed: readonly number[]
}

/** Makes the model work: reads, checks, finds an account, relays its answer, moves on while nothing was said. */
export async function serveCreate(exchange: GenerationExchange): Promise<void> {
  checkContentHeaders(exchange.inbound.headers)
  const headers = upstreamHeaders(exchange, { contentType: 'application/json' })
  await withinLimits(exchange, () => withinTime(exchange, () => create(exchange, headers)))
}

async function create(exchange: GenerationExchange, headers: HeaderList): Promise<void> {
  const creation = await readCreation(exchange, headers)
  try {
    const { facts, keys } = creation
    const namesState = facts.references.length > 0
    const shed = shedNewWork(exchange, { session: keys.session, namesState })
    if (shed !== undefined) await shed
    await exchange.rateCharge?.tokens(keys.tokens.total)
    await withoutHerd(exchange, creation)
  } finally {
    creation.body.release()
  }
}

async function readCreation(exchange: GenerationExchange, headers: HeaderList): Promise<Creation> {
  const { inbound, deps, shared, route, trace, cancellation, client } = exchange
  const { bytes, body } = await RequestBody.read(inbound, memoryOf(exchange), deps.limits.bodyBytes)
  try {
    cancellation.check()
    trace.bytesIn = bytes.length
    const scan = scanRequest(bytes)
    const facts = checkCreate(route, scan)
    trace.model = facts.model
    // The answer to a model that nobody here serves.
    if (!mayUseModel(client, facts.model)) {
      throw modelNotFound(facts.model, nearestModels(exchange, facts.model))
    }
    trace.stream = facts.stream
    const keys = {
      session: sessionOf(exchange, facts, scan),
      tokens: shared.estimates.of({
        model: facts.model,
        body: bytes,
        maxOutputTokens: facts.maxOutputTokens,
      }),
      whole: !facts.stream,
      needs: generationNeeds(route, facts),
      owners: [],
    }
    return { facts, keys, body, headers, scan, removed: [] }
  } catch (error) {
    body.release()
    throw error
  }
}

/** The soft key: the client's own, or one made from what it says. Stored state leads home by itself. */
function sessionOf(
  { client, inbound, pool, route }: GenerationExchange,
  facts: CreateFacts,
  scan: RequestScan,
): string | undefined {
  const made = pool.fingerprint && facts.continues === undefined && isTurn(route)
  const lastResort = made ? () => fingerprint(client.tenant, scan) : undefined
  return sessionKey(client.tenant, inbound.headers, scan, lastResort)
}

/** While everything fails, most new work is told to come back; what continues something waits for its owner anyway. */
async function withoutHerd(exchange: GenerationExchange, creation: Creation): Promise<void> {
  const { shared, trace } = exchange
  const outage = shared.outages.of(trace)
  if (outage !== undefined && creation.facts.references.length === 0 && outage.refuses())
    throw new GatewayError('upstream_outage', { retryAfterMs: shared.spreadRetry(1000) })
  outage?.sent()
  try {
    await generate(exchange, creation)
  } finally {
    outage?.over()
  }
}

async function generate(exchange: GenerationExchange, creation: Creation): Promise<void> {
  const { pool, shared } = exchange
  const state = beginFailover(exchange, creation.facts)
  const search = new AccountSearch(exchange, creation.facts, creation.keys)
  const make: MakeAttempt = (chosen, options) => createAttempt(exchange, creation, chosen, options)
  const work = { facts: creation.facts, search, make }
  for (;;) {
    const chosen = await nextAccount(search, state)
    creation.removed = search.removed
    exchange.trace.removedItems = search.removed.length
    if (state.attempts > 0) pool.scheduler.reportSwitch()
    const ends = await runAttempts(exchange, work, chosen)
    state.attempts += ends.length
    if (afterwards(exchange, search, ends) === 'answered') {
      if (exchange.trace.usage !== undefined)
        shared.estimates.learn(creation.facts.model, exchange.trace.usage)
      return
    }
    const last = ends.at(-1)!.end as FailedEnd
    for (const { end } of ends.slice(0, -1)) countFailure(state, end)
    if (!mayMoveOn(state, last)) throw search.lastError(last.verdict.mayFailOver ? 'given_up' : 'final')
  }
}

type FailedEnd = AttemptEnd & { readonly kind: 'failed' }

/** Cleans up behind attempts that are over. Throws when nothing can be done for the client any more. */
function afterwards(
  exchange: GenerationExchange,
  search: AccountSearch,
  ends: readonly Finish<CreateAttempt>[],
): 'answered' | 'failed' {
  const { shared, trace } = exchange
  for (const { contender, end } of ends) {
    if (end.kind === 'answered') continue
    if (end.orphanId !== undefined) discardOrphan(exchange, contender.account.target, end.orphanId)
    if (end.kind !== 'failed') continue
    search.failed(contender.account.id, end)
    shared.outages.failed(trace, end.verdict.outcome)
  }
  const kinds = new Map(ends.map(({ end }) => [end.kind, end]))
  const crashed = kinds.get('crashed')
  if (kinds.has('answered')) {
    if (crashed?.kind === 'crashed') logCrash(exchange, crashed.error)
    return 'answered'
  }
  if (kinds.has('client_left')) throw new ClientLeft()
  if (crashed?.kind === 'crashed') throw crashed.error
  return 'failed'
}

/** A fault of ours in an attempt that the client did not need. */
function logCrash({ deps, trace }: GenerationExchange, error: unknown): void {
  deps.log.error({ requestId: trace.requestId, error }, 'An attempt beside the one that answered failed.')
}

/** Makes an attempt. A fault of ours between taking a slot and using it must not keep the slot. */
function createAttempt(
  exchange: GenerationExchange,
  creation: Creation,
  chosen: Chosen,
  options: Parameters<MakeAttempt>[1],
): CreateAttempt {
  try {
    return unsentAttempt(exchange, creation, chosen, options)
  } catch (error) {
    chosen.lease[Symbol.dispose]()
    throw error
  }
}

function unsentAttempt(
  exchange: GenerationExchange,
  creation: Creation,
  { lease, account }: Chosen,
  { hedge, claim }: Parameters<MakeAttempt>[1],
): CreateAttempt {
  const { route, pool, trace } = exchange
  const { facts } = creation
  const binds = bindsOf(route.kind, facts, account)
  ensureBindable(exchange.deps, binds)
  const record = new AttemptTrace(account.id, lease, { hedge })
  trace.attempts.push(record)
  tellAttempt(exchange, record)
  const streams = facts.stream && !facts.background
  const attempt = new Attempt({
    ...attemptBasis(exchange),
    lease,
    record,
    commit: facts.background ? 'at_once' : pool.commit,
    firstTokenTimeoutMs: streams ? (account.firstTokenTimeoutMs ?? pool.firstTokenTimeoutMs) : undefined,
    relays: route.dialect === 'plain' ? 'any' : 'api',
    dialect: route.dialect,
    binds,
    model: facts.model,
    continuesResponse: facts.continues !== undefined,
    judge: judgeReply,
    blocks: pool.blocks,
    extraHeaders: answerHeaders(exchange),
    onCommit: () => {
      exchange.shared.outages.of(trace)?.answered()
      creation.scan = undefined
      creation.body.release()
    },
    claim,
  })
  const request = upstreamRequest(exchange, creation, account)
  const expectedMs = lease.expectedFirstTokenMs
  return { account, record, expectedMs, attempt, run: () => attempt.run(request) }
}

function bindsOf(kind: Generation['kind'], facts: CreateFacts, { capabilities }: AccountAccess): Binds {
  switch (kind) {
    case 'create_response':
      return bindsOfResponse({
        stored: facts.store && capabilities?.storedResponses !== false,
        background: facts.background,
        conversation: facts.continues?.kind === 'conversation',
      })
    case 'create_chat':
      return bindsOfChat({ stored: facts.store && capabilities?.storedChat !== false })
    case 'compact_response':
      return bindsOfCompaction
    default:
      return bindsNothing
  }
}

function tellAttempt({ deps, trace }: GenerationExchange, record: AttemptTrace): void {
  try {
    deps.onAttempt?.(record)
  } catch (error) {
    deps.log.error({ requestId: trace.requestId, error }, 'A listener of attempts failed.')
  }
}

/** The client's bytes, but for the model's name where the account calls it differently, the cache key it lacks, and items of a lost account. */
function upstreamRequest(
  exchange: GenerationExchange,
  creation: Creation,
  account: AccountAccess,
): UpstreamRequest {
  return {
    target: account.target,
    method: 'POST',
    path: exchange.route.upstreamPath,
    headers: creation.headers,
    body: spliceBytes(creation.scan!.bytes, splicesOf(exchange, creation, account)),
  }
}

function splicesOf(
  { pool, route }: GenerationExchange,
  { facts, scan, removed, keys: { session } }: Creation,
  account: AccountAccess,
): readonly Splice[] {
  const splices: Splice[] = [...removalsOf(scan!, removed)]
  const name = upstreamModel(account.models, facts.model) ?? facts.model
  if (name !== facts.model) {
    const { start, end } = facts.modelField
    splices.push({ start, end, bytes: new TextEncoder().encode(JSON.stringify(name)) })
  }
  const fills = pool.fillPromptCacheKey && account.takesPromptCacheKey && isTurn(route)
  const cacheKey = fills && session !== undefined ? cacheKeySplice(scan!, session) : undefined
  if (cacheKey !== undefined) splices.push(cacheKey)
  return splices.sort((one, other) => one.start - other.start)
}
