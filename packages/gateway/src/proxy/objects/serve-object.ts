import { withinConcurrency } from '../admission/running.ts'
import { Attempt, type AttemptEnd, type AttemptLease } from '../attempt/attempt.ts'
import { judgeReply } from '../attempt/outcome.ts'
import { ClientLeft } from '../cancellation.ts'
import { GatewayError } from '../errors/errors.ts'
import {
  answerHeaders,
  attemptBasis,
  type RoutedExchange,
  underCancellation,
  upstreamHeaders,
} from '../request-exchange.ts'
import { AttemptTrace } from '../request-record.ts'
import type { ObjectOperation } from '../routing/operation.ts'
import type { Route } from '../routing/route.ts'
import type { InBandFailure } from '../tap/failure.ts'
import { locateObject, type ObjectPlace } from './locate.ts'
import { locateNamed } from './named-ids.ts'
import { objectNotFound } from './not-found.ts'
import { type ObjectBody, readObjectBody } from './object-body.ts'

/** An exchange about something stored. */
export type ObjectExchange = RoutedExchange<Route<ObjectOperation>>

/**
 * Asks what is stored where it is stored. It holds no slot and never queues behind generations. An id that is
 * unknown, somebody else's, malformed or gone gets one answer, and reaches no upstream.
 */
export async function serveObject(exchange: ObjectExchange): Promise<void> {
  await withinConcurrency(exchange, () => serve(exchange))
}

async function serve(exchange: ObjectExchange): Promise<void> {
  const place = await locateObject(exchange)
  const body = await readObjectBody(exchange, exchange.route.body)
  try {
    await locateNamed(exchange, body.named, place.keys)
    const end = await ask(exchange, place, body)
    if (end.kind === 'client_left') throw new ClientLeft()
    if (end.kind === 'crashed') throw end.error
    if (end.kind === 'failed') {
      const { answer } = end.verdict
      throw answer === 'relay' ? new GatewayError('upstream_disconnected') : answer
    }
    if (end.kind === 'answered' && exchange.route.deletes && end.status < 300)
      await forget(exchange, place.keys.at(-1)!)
  } finally {
    body.release()
  }
}

function ask(exchange: ObjectExchange, place: ObjectPlace, body: ObjectBody): Promise<AttemptEnd> {
  const { route, inbound, trace } = exchange
  const { target, id } = place.account
  const record = new AttemptTrace(id, undefined)
  trace.attempts.push(record)
  trace.stream = /[?&]stream=true(?:&|$)/.test(inbound.target)
  const attempt = new Attempt({
    ...attemptBasis(exchange),
    lease: slotless(exchange, place.domain),
    record,
    commit: 'at_once',
    firstTokenTimeoutMs: undefined,
    dialect: 'responses',
    relays: route.answer === 'bytes' ? 'bytes' : 'state',
    binds: { ...route.binds, within: route.ids[0] },
    model: '',
    continuesResponse: false,
    judge: (status, headers, failure, context) =>
      status === 404 && isAbout(route, body, failure)
        ? { outcome: { kind: 'client_error' }, mayFailOver: false, answer: notFound(route) }
        : judgeReply(status, headers, failure, context),
    extraHeaders: answerHeaders(exchange),
    onCommit: () => body.release(),
  })
  const request = {
    target,
    method: inbound.method,
    path: route.upstreamPath,
    headers: upstreamHeaders(exchange, { contentType: body.contentType }),
    body: body.bytes,
  }
  return underCancellation(exchange, attempt, () => attempt.run(request))
}

/** Whether a 404 speaks of what the path names: a request with a body may have named something else as well. */
function isAbout(
  route: Route<ObjectOperation>,
  body: ObjectBody,
  failure: InBandFailure | undefined,
): boolean {
  return body.bytes === null || failure === undefined || failure.message.includes(route.ids.at(-1)!)
}

function notFound({ owners, ids }: Route<ObjectOperation>): GatewayError {
  return objectNotFound(owners.at(-1)!, ids.at(-1)!)
}

/** Binds like a lease, and holds nothing. */
function slotless({ pool, client }: ObjectExchange, domain: string): AttemptLease {
  return {
    bind: keys => {
      const pending = pool.scheduler.bind({ tenant: client.tenant }, keys, domain)
      return pending instanceof Promise ? pending : undefined
    },
    firstToken() {},
    reportLimits() {},
    settle() {},
    [Symbol.dispose]() {},
  }
}

async function forget({ pool, client, deps, trace }: ObjectExchange, key: string): Promise<void> {
  try {
    await pool.scheduler.unbind({ tenant: client.tenant }, [key])
  } catch (error) {
    // The binding leads to a 404 upstream until it expires: the same answer, one exchange later.
    deps.log.warn({ requestId: trace.requestId, error }, 'What was deleted could not be unbound.')
  }
}
