import type { Lease } from '@headgate/scheduler'
import type { BodyStream } from '../../wire/body-stream.ts'
import { shedNewWork } from '../admission/shed.ts'
import { Attempt, type AttemptEnd, type AttemptOptions } from '../attempt/attempt.ts'
import { judgeReply } from '../attempt/outcome.ts'
import { ClientLeft } from '../cancellation.ts'
import { GatewayError } from '../errors/errors.ts'
import type { Binds } from '../ownership/binds.ts'
import { ensureBindable } from '../ownership/can-bind.ts'
import type { AccountAccess } from '../pool-access.ts'
import {
  answerHeaders,
  attemptBasis,
  type RoutedExchange,
  underCancellation,
  upstreamHeaders,
} from '../request-exchange.ts'
import { AttemptTrace } from '../request-record.ts'
import { AccountSearch, type SearchKeys } from './account-search.ts'
import { beginFailover, mayMoveOn, nextAccount } from './failover.ts'
import { discardOrphan } from './orphan.ts'

/** A request of which the gateway reads no more than where it may go. */
export interface PlainWork {
  /** `''` when no model works for it: every account will do. */
  readonly model: string
  readonly keys: Omit<SearchKeys, 'tokens' | 'whole'>
  readonly contentType: string | undefined
  bodyFor(account: AccountAccess): Uint8Array | readonly Uint8Array[] | BodyStream | null
  readonly binds: Binds
  readonly relays: AttemptOptions['relays']
  /** Part of it has gone out and cannot be sent again. */
  spent?(): boolean
  /** Hears of the attempt that the body goes to. */
  begins?(attempt: Attempt): void
}

/**
 * Sends such a request to the account the scheduler chooses, whose slot is held for this exchange alone, and to others
 * while nothing was answered and all of it can still be sent.
 */
export async function sendPlainWork(exchange: RoutedExchange, work: PlainWork): Promise<void> {
  const { pool } = exchange
  const { session, owners } = work.keys
  const shed = shedNewWork(exchange, { session, namesState: owners.length > 0 })
  if (shed !== undefined) await shed
  const state = beginFailover(exchange, { background: false })
  const wanted = { model: work.model, references: [] }
  const search = new AccountSearch(exchange, wanted, { ...work.keys, tokens: uncounted, whole: true })
  for (;;) {
    const { lease, account } = await nextAccount(search, state)
    if (state.attempts++ > 0) pool.scheduler.reportSwitch()
    const end = await leased(lease, () => attempt(exchange, work, lease, account))
    if (end.kind === 'answered') return
    if (end.orphanId !== undefined) discardOrphan(exchange, account.target, end.orphanId)
    if (end.kind === 'client_left') throw new ClientLeft()
    if (end.kind === 'crashed') throw end.error
    // Only a hedge is abandoned, and nothing here is hedged.
    if (end.kind === 'abandoned') throw new GatewayError('internal_error')
    search.failed(account.id, end)
    const spent = work.spent?.() === true
    if (spent || !mayMoveOn(state, end)) {
      throw search.lastError(!spent && end.verdict.mayFailOver ? 'given_up' : 'final')
    }
  }
}

/** Nothing that anyone counts in tokens, or nobody knows how many. */
const uncounted = { input: 0, total: 0 }

/** A fault of ours between taking a slot and using it must not keep the slot. */
async function leased<T>(lease: Lease, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (error) {
    lease[Symbol.dispose]()
    throw error
  }
}

async function attempt(
  exchange: RoutedExchange,
  work: PlainWork,
  lease: Lease,
  account: AccountAccess,
): Promise<AttemptEnd> {
  const { route, pool, trace } = exchange
  const { id, target } = account
  ensureBindable(exchange.deps, work.binds)
  const record = new AttemptTrace(id, lease)
  trace.attempts.push(record)
  const one = new Attempt({
    ...attemptBasis(exchange),
    lease,
    record,
    commit: pool.commit,
    firstTokenTimeoutMs: undefined,
    relays: work.relays,
    dialect: 'plain',
    binds: work.binds,
    model: work.model,
    continuesResponse: false,
    judge: judgeReply,
    blocks: pool.blocks,
    extraHeaders: answerHeaders(exchange),
    onCommit: () => {},
  })
  work.begins?.(one)
  const headers = upstreamHeaders(exchange, { contentType: work.contentType })
  const body = work.bodyFor(account)
  const request = { target, method: 'POST', path: route.upstreamPath, headers, body }
  return underCancellation(exchange, one, () => one.run(request))
}
