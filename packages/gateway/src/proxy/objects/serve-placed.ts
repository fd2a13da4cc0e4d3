import type { Lease } from '@headgate/scheduler'
import type { BodyStream } from '../../wire/body-stream.ts'
import type { HeaderList } from '../../wire/header-list.ts'
import { checkUnreadModels } from '../admission/permitted.ts'
import { withinLimits } from '../admission/running.ts'
import { shedNewWork } from '../admission/shed.ts'
import { Attempt, type AttemptEnd } from '../attempt/attempt.ts'
import { judgeReply } from '../attempt/outcome.ts'
import { ClientLeft } from '../cancellation.ts'
import { GatewayError } from '../errors/errors.ts'
import { AccountSearch } from '../generation/account-search.ts'
import { type FailoverState, mayMoveOn } from '../generation/failover.ts'
import { discardOrphan } from '../generation/orphan.ts'
import type { AccountAccess } from '../pool-access.ts'
import {
  answerHeaders,
  attemptBasis,
  type RoutedExchange,
  runAttempt,
  upstreamHeaders,
} from '../request-exchange.ts'
import { AttemptTrace } from '../request-record.ts'
import type { Placement } from '../routing/operation.ts'
import type { Route } from '../routing/route.ts'
import { locateNamed } from './named-ids.ts'
import { readObjectBody, uploadType } from './object-body.ts'
import { Upload } from './upload.ts'

/** An exchange that makes something no model works for. */
export type PlacementExchange = RoutedExchange<Route<Placement>>

/** A request that may be sent. */
interface Sendable {
  readonly headers: HeaderList
  readonly body: Uint8Array | BodyStream | null
  /** Hard keys of what it names: where it has to go. */
  readonly owners: readonly string[]
  readonly upload: Upload | undefined
}

/**
 * Creates a conversation, a file, a vector store, a container or a batch: at the account where the ids in its body
 * lie, else at one the scheduler chooses, whose slot is held for this exchange alone. Its id is bound before it is
 * told. A JSON body may go to another account while nothing was answered; an upload only while none of it went out.
 */
export async function servePlaced(exchange: PlacementExchange): Promise<void> {
  const serve = exchange.route.body === 'form' ? serveUpload : serveJson
  if (exchange.route.needs === 'batches') checkUnreadModels(exchange.client)
  await withinLimits(exchange, () => serve(exchange))
}

async function serveUpload(exchange: PlacementExchange): Promise<void> {
  const contentType = uploadType(exchange)
  const upload = new Upload(exchange, exchange.deps.limits.uploadBytes)
  const headers = upstreamHeaders(exchange.inbound, { contentType })
  try {
    await place(exchange, { headers, body: upload, owners: [], upload })
  } finally {
    upload.cancel()
  }
}

async function serveJson(exchange: PlacementExchange): Promise<void> {
  const { bytes, contentType, named, release } = await readObjectBody(exchange, exchange.route.body)
  try {
    const headers = upstreamHeaders(exchange.inbound, { contentType })
    const owners = await locateNamed(exchange, named, [])
    await place(exchange, { headers, body: bytes, owners, upload: undefined })
  } finally {
    release()
  }
}

async function place(exchange: PlacementExchange, request: Sendable): Promise<void> {
  const { pool, deps, shared, route } = exchange
  const budget = shared.budgetOf(pool.name)
  budget.requested()
  const state: FailoverState = {
    maxAttempts: deps.limits.attempts,
    budget,
    background: false,
    attempts: 0,
    ambiguous: 0,
  }
  const wanted = { model: '', references: [] }
  const keys = {
    session: undefined,
    tokens: { input: 0, total: 0 },
    needs: [route.needs],
    owners: request.owners,
  }
  const shed = shedNewWork(exchange, { session: undefined, namesState: request.owners.length > 0 })
  if (shed !== undefined) await shed
  const search = new AccountSearch(exchange, wanted, keys)
  for (;;) {
    const { lease, account } = await search.next()
    if (state.attempts++ > 0) pool.scheduler.reportSwitch()
    const end = await leased(lease, () => attempt(exchange, request, lease, account))
    if (end.kind === 'answered') return
    if (end.orphanId !== undefined) discardOrphan(exchange, account.target, end.orphanId)
    if (end.kind === 'client_left') throw new ClientLeft()
    if (end.kind === 'crashed') throw end.error
    if (end.kind === 'abandoned') throw new GatewayError('internal_error')
    search.failed(account.id, end)
    const sent = request.upload?.begun === true
    if (sent || !mayMoveOn(state, end)) {
      throw search.lastError(!sent && end.verdict.mayFailOver ? 'given_up' : 'final')
    }
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

function attempt(
  exchange: PlacementExchange,
  { headers, body, upload }: Sendable,
  lease: Lease,
  { id, target }: AccountAccess,
): Promise<AttemptEnd> {
  const { route, pool, trace } = exchange
  const record = new AttemptTrace(id, lease)
  trace.attempts.push(record)
  const one = new Attempt({
    ...attemptBasis(exchange),
    lease,
    record,
    commit: 'at_once',
    firstTokenTimeoutMs: undefined,
    relays: 'state',
    dialect: 'plain',
    binds: route.binds,
    model: '',
    continuesResponse: false,
    judge: judgeReply,
    blocks: pool.blocks,
    extraHeaders: answerHeaders(exchange),
    onCommit: () => {},
  })
  upload?.goesTo(one)
  return runAttempt(exchange, one, { target, method: 'POST', path: route.upstreamPath, headers, body })
}
