/** Faults that answer instead of the endpoint. */
import { type ApiError, errorBody } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import type { RedirectFault, StatusFault } from './fault.ts'

/** Answers with a status, and the body that OpenAI sends with it unless the fault brings its own. */
export function answerStatus(exchange: Exchange, fault: StatusFault): void {
  const headers = Object.entries(fault.headers ?? {}).flat()
  if (fault.retryAfterMs !== undefined) {
    headers.push('retry-after', String(Math.ceil(fault.retryAfterMs / 1000)))
    headers.push('retry-after-ms', String(Math.round(fault.retryAfterMs)))
  }
  const text =
    fault.body === undefined
      ? errorBody({ ...typicalError(fault), ...given(fault) })
      : typeof fault.body === 'string'
        ? fault.body
        : JSON.stringify(fault.body)
  const contentType = typeof fault.body === 'string' ? 'text/plain' : 'application/json'
  const ownContentType = Object.keys(fault.headers ?? {}).some(name => name.toLowerCase() === 'content-type')
  const all = exchange.headers(contentType, headers)
  exchange.wire.body(fault.status, ownContentType ? all.slice(2) : all, text)
}

function given({ code, type, message }: StatusFault): Partial<ApiError> {
  return {
    ...(code === undefined ? {} : { code }),
    ...(type === undefined ? {} : { type }),
    ...(message === undefined ? {} : { message }),
  }
}

type ErrorFields = Omit<ApiError, 'status' | 'headers'>

const QUOTA: ErrorFields = {
  message: 'You exceeded your current quota, please check your plan and billing details.',
  type: 'insufficient_quota',
  param: null,
  code: 'insufficient_quota',
}

const TYPICAL: { readonly [status: number]: ErrorFields } = {
  401: {
    message: 'Incorrect API key provided: sk-********mock.',
    type: 'invalid_request_error',
    param: null,
    code: 'invalid_api_key',
  },
  403: {
    message: 'Your project does not have access to this resource.',
    type: 'invalid_request_error',
    param: null,
    code: 'permission_denied',
  },
  429: {
    message: 'Rate limit reached on requests per min (RPM). Please try again later.',
    type: 'requests',
    param: null,
    code: 'rate_limit_exceeded',
  },
  500: {
    message: 'The server had an error while processing your request. Sorry about that!',
    type: 'server_error',
    param: null,
    code: null,
  },
  503: {
    message: 'The server is currently overloaded with other requests. Please try again later.',
    type: 'service_unavailable_error',
    param: null,
    code: 'server_is_overloaded',
  },
}

function typicalError({ status, code }: StatusFault): ErrorFields {
  if (status === 429 && code === 'insufficient_quota') return QUOTA
  const type = status >= 500 ? 'server_error' : 'invalid_request_error'
  return (
    TYPICAL[status] ?? { message: `The mock was asked for status ${status}.`, type, param: null, code: null }
  )
}

/** A redirect with an empty body. */
export function answerRedirect(exchange: Exchange, fault: RedirectFault): void {
  exchange.wire.body(fault.status ?? 302, exchange.headers('text/plain', ['location', fault.location]), '')
}

/** 200 and nothing: of an event stream when the request asked for one. */
export function answerEmpty(exchange: Exchange): void {
  if (!exchange.record.stream) {
    exchange.json(200, '')
    return
  }
  exchange.openStream()
  exchange.wire.close()
}

/** 200 and a page. */
export function answerHtml(exchange: Exchange): void {
  const page = '<!doctype html><title>Sign in</title><p>Please sign in to use this network.</p>\n'
  exchange.wire.body(200, exchange.headers('text/html; charset=utf-8'), page)
}
