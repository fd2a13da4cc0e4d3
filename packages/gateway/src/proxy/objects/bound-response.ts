import { isSchedulerError, type Located } from '@headgate/scheduler'
import { Attempt, type AttemptLease } from '../attempt/attempt.ts'
import { judgeReply } from '../attempt/outcome.ts'
import { ClientLeft } from '../cancellation.ts'
import { GatewayError } from '../errors/errors.ts'
import { schedulerRefusal } from '../errors/scheduler-refusal.ts'
import { bindsNothing } from '../ownership/binds.ts'
import { ownerKey } from '../ownership/owner-key.ts'
import {
  accountOf,
  attemptBasis,
  type RoutedExchange,
  routingHeaders,
  runAttempt,
  upstreamHeaders,
} from '../request-exchange.ts'
import { AttemptTrace } from '../request-record.ts'

/**
 * Retrieves or deletes a stored response where it is stored. It holds no slot and never queues behind generations.
 * An id that is unknown, somebody else's or gone gets one answer, and reaches no upstream.
 */
export async function serveBoundResponse(exchange: RoutedExchange): Promise<void> {
  const { pool, client, route, inbound, trace, deps, cancellation } = exchange
  const key = ownerKey('response', route.id)
  const located = await locate(exchange, key)
  cancellation.check()
  if (located.kind === 'none') {
    if (located.reason !== 'owner_unavailable') throw responseNotFound(route.id)
    throw new GatewayError('owner_unavailable', { retryAfterMs: located.retryAfterMs })
  }
  const account = accountOf(exchange, located.account)
  if (account === undefined) throw responseNotFound(route.id)
  const record = new AttemptTrace(account.id, undefined)
  trace.attempts.push(record)
  trace.stream = /[?&]stream=true(?:&|$)/.test(inbound.target)
  const attempt = new Attempt({
    ...attemptBasis(exchange),
    lease: noSlot,
    record,
    commit: 'at_once',
    firstTokenTimeoutMs: undefined,
    dialect: 'responses',
    binds: bindsNothing,
    model: '',
    continuesResponse: false,
    judge: (status, headers, failure, context) =>
      status === 404
        ? { outcome: { kind: 'client_error' }, mayFailOver: false, answer: responseNotFound(route.id) }
        : judgeReply(status, headers, failure, context),
    extraHeaders: routingHeaders(exchange),
    onCommit: () => {},
  })
  const end = await runAttempt(exchange, attempt, {
    target: account.target,
    method: inbound.method,
    path: route.upstreamPath,
    headers: upstreamHeaders(inbound, { hasBody: false }),
    body: null,
  })
  if (end.kind === 'client_left') throw new ClientLeft()
  if (end.kind === 'crashed') throw end.error
  if (end.kind === 'failed') {
    const { answer } = end.verdict
    throw answer === 'relay' ? new GatewayError('upstream_disconnected') : answer
  }
  if (route.kind !== 'delete_response' || end.status >= 300) return
  try {
    await pool.scheduler.unbind({ tenant: client.tenant }, [key])
  } catch (error) {
    // The binding leads to a 404 upstream until it expires: the same answer, one exchange later.
    deps.log.warn({ requestId: trace.requestId, error }, 'A deleted response could not be unbound.')
  }
}

async function locate({ pool, client }: RoutedExchange, key: string): Promise<Located> {
  try {
    return await pool.scheduler.locate({ tenant: client.tenant, owners: [key] })
  } catch (error) {
    if (!isSchedulerError(error)) throw error
    const context = { serving: () => [], model: '', continues: undefined, nearestModels: () => [] }
    throw schedulerRefusal(error, context)
  }
}

function responseNotFound(id: string): GatewayError {
  return new GatewayError('response_not_found', { values: { id } })
}

const noSlot: AttemptLease = {
  bind() {},
  firstToken() {},
  reportLimits() {},
  settle() {},
  [Symbol.dispose]() {},
}
