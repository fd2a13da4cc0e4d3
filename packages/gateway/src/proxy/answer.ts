import type { HeaderList } from '../wire/header-list.ts'
import { errorBody, errorHeaders, type GatewayError } from './errors/errors.ts'
import type { Outbound } from './exchange.ts'
import type { RequestTrace } from './request-record.ts'

/** Answers with an error of the gateway's own, and `extra` headers; the answer must not have begun. */
export function answerError(
  outbound: Outbound,
  error: GatewayError,
  trace: RequestTrace,
  extra: HeaderList = none,
): void {
  const body = errorBody(error, trace.requestId)
  const headers = [...errorHeaders(error, trace.requestId, body.length), ...extra]
  trace.errorCode = error.code
  answer(outbound, error.status, headers, body, trace)
}

const none: HeaderList = []

/** Answers with JSON of the gateway's own. */
export function answerJson(outbound: Outbound, value: unknown, trace: RequestTrace): void {
  const body = new TextEncoder().encode(JSON.stringify(value))
  const headers: HeaderList = [
    ['content-type', 'application/json'],
    ['content-length', String(body.length)],
    ['x-request-id', trace.requestId],
  ]
  answer(outbound, 200, headers, body, trace)
}

function answer(
  outbound: Outbound,
  status: number,
  headers: HeaderList,
  body: Uint8Array,
  trace: RequestTrace,
): void {
  trace.status = status
  trace.bytesOut += body.length
  outbound.begin(status, headers)
  outbound.write(body)
  outbound.end()
}
