/** The life of one API request: key, place, body, fault, endpoint. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account } from './accounts.ts'
import { admitAfterPoll, enter } from './concurrency.ts'
import { dialectOf } from './dialects/dialects.ts'
import { ANSWERS } from './endpoints/answers.ts'
import type { JsonBody } from './endpoints/generation.ts'
import { conversationId } from './endpoints/response-object.ts'
import { bodyTooLarge, concurrencyExceeded, notAForm, unparsableBody } from './errors.ts'
import { Exchange } from './exchange.ts'
import { applyFault } from './faults/apply.ts'
import { readBody } from './request-body.ts'
import { increment } from './request-counters.ts'
import type { LiveRecord } from './request-log.ts'
import { readUpload } from './uploads/read-upload.ts'
import type { MockWorld } from './world.ts'

/** A request of an account begins: counts it and takes its place. The caller ends the exchange when the socket says so. */
export function beginExchange(
  world: MockWorld,
  account: Account,
  request: IncomingMessage,
  response: ServerResponse,
): Exchange {
  const url = request.url!
  const query = url.indexOf('?')
  const [path, search] = query === -1 ? [url, ''] : [url.slice(0, query), url.slice(query + 1)]
  const route = dialectOf(account).route(request.method!, path, search)
  account.counters.requests += 1
  increment(account.counters.byEndpoint, route.endpoint)
  if (route.generates) {
    enter(account.concurrency)
    world.scenario.onRequest(account)
  }
  const record = createRecord(request, {
    endpoint: route.endpoint,
    account: account.name,
    now: world.clock.now(),
  })
  world.log.add(record)
  return new Exchange({ world, account, route, request, response, record })
}

/** The log entry of a request whose head has just arrived. */
export function createRecord(
  request: IncomingMessage,
  known: { readonly endpoint: string; readonly account: string | null; readonly now: number },
): LiveRecord {
  return {
    method: request.method!,
    path: request.url!,
    endpoint: known.endpoint,
    account: known.account,
    startedAt: known.now,
    endedAt: null,
    status: null,
    model: null,
    stream: false,
    previousResponseId: null,
    conversation: null,
    bodyBytes: 0,
    responseId: null,
    aborted: false,
    fault: null,
    rawHeaders: request.rawHeaders,
    body: null,
  }
}

/** Reads the body and answers. */
export function serveExchange(exchange: Exchange): void {
  const { request, route, world } = exchange
  if (route.body === 'form') {
    receiveUpload(exchange)
  } else if (route.endpoint !== 'entra.token' && (route.body === 'json' || request.method === 'POST')) {
    readBody(request, world.maxBodyBytes, body => {
      if (body === null) exchange.fail(bodyTooLarge(world.maxBodyBytes))
      else takePlace(exchange, body)
    })
  } else {
    strikeOrAnswer(exchange, null)
  }
}

function receiveUpload(exchange: Exchange): void {
  const { request, world, record } = exchange
  const limits = { maxBytes: world.maxUploadBytes, keptBytes: world.keptFileBytes }
  readUpload(request, limits, outcome => {
    if (outcome.kind === 'tooLarge') exchange.fail(bodyTooLarge(world.maxUploadBytes))
    else if (outcome.kind === 'notAForm') exchange.fail(notAForm())
    else {
      record.bodyBytes = outcome.bodyBytes
      strikeOrAnswer(exchange, { ...outcome.upload })
    }
  })
}

function takePlace(exchange: Exchange, bytes: Buffer): void {
  exchange.record.bodyBytes = bytes.length
  const { account, route } = exchange
  const body = route.body === 'json' ? parseBody(exchange, bytes) : null
  if (!route.generates || exchange.admitted) {
    strikeOrAnswer(exchange, body)
    return
  }
  const limit = () => account.profile.concurrency ?? null
  admitAfterPoll(account.concurrency, {
    limit,
    isThere: () => !exchange.over,
    decide(admitted) {
      exchange.admitted = admitted
      if (admitted) strikeOrAnswer(exchange, body)
      else refusePlace(exchange, limit() ?? 0)
    },
  })
}

function refusePlace(exchange: Exchange, limit: number): void {
  exchange.account.counters.concurrencyRefused += 1
  exchange.fail(concurrencyExceeded(limit))
}

/** The body as an object, or null when it is none; notes in the log what tests ask about. */
function parseBody({ record, world, route }: Exchange, bytes: Buffer): JsonBody | null {
  if (bytes.length === 0 && !route.generates) return {}
  const text = bytes.toString()
  if (world.captureBodies) record.body = text
  try {
    const body = JSON.parse(text)
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return null
    if (route.deployment !== null) body.model = route.deployment
    const conversation = conversationId(body)
    if (typeof conversation === 'string') record.conversation = conversation
    if (typeof body.model === 'string') record.model = body.model
    if (typeof body.previous_response_id === 'string') record.previousResponseId = body.previous_response_id
    record.stream = body.stream === true
    return body
  } catch {
    return null
  }
}

function strikeOrAnswer(exchange: Exchange, body: JsonBody | null): void {
  const fault = exchange.world.faults.take(exchange.account, exchange.route.endpoint)
  if (fault === null) answer(exchange, body)
  else applyFault(exchange, fault, () => answer(exchange, body))
}

const NO_BODY: JsonBody = {}

function answer(exchange: Exchange, body: JsonBody | null): void {
  const { body: kind, endpoint } = exchange.route
  if (kind === 'json' && body === null) exchange.fail(unparsableBody())
  else ANSWERS[endpoint](exchange, body ?? NO_BODY)
}
