import type { HeaderList } from '../../wire/header-list.ts'
import { cleanText } from './clean-text.ts'
import { type ErrorCode, type ErrorEntry, errorCatalogue, type RetryAdvice } from './error-catalogue.ts'

export type { ErrorCode } from './error-catalogue.ts'

const brand = Symbol.for('headgate.gateway.error')
const docsPage = 'docs/reference/errors.md'

/** What a {@link GatewayError} may be given beside its code. */
export interface GatewayErrorDetails {
  /** Values for the places of the message; cleaned and cut before use. */
  readonly values?: Readonly<Record<string, string | number | readonly string[]>>
  /** The request field at fault. */
  readonly param?: string
  /** When to come back, as far as it is known. */
  readonly retryAfterMs?: number | undefined
  /** Headers of this one answer, e.g. `allow`. */
  readonly headers?: HeaderList
  /** Instead of the catalogue's status, to pass on an upstream's. */
  readonly status?: number
  readonly cause?: unknown
}

/**
 * An answer the gateway gives by itself. Its message is safe to send: it repeats at most 100 cleaned characters
 * of any input and no credential. Branded by a registered symbol, so that {@link isGatewayError} survives two
 * copies of the module.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly type: string
  readonly param: string | null
  readonly headers: HeaderList
  /** What the client is told of trying again; whoever learns more than the catalogue knows may say so. */
  retryAfterMs: number | undefined
  retry: RetryAdvice
  readonly [brand] = true

  constructor(code: ErrorCode, details: GatewayErrorDetails = {}) {
    const entry: ErrorEntry = errorCatalogue[code]
    super(
      fill(entry.message, details.values),
      details.cause === undefined ? undefined : { cause: details.cause },
    )
    this.name = 'GatewayError'
    this.code = code
    this.status = details.status ?? entry.status
    this.type = entry.type
    this.param = details.param ?? null
    this.retryAfterMs = details.retryAfterMs
    this.retry = entry.retry
    this.headers = details.headers ?? []
  }

  /** Where this code is explained: a page of this repository and its anchor. */
  get docs(): string {
    return `${docsPage}#${this.code}`
  }
}

/** True for a {@link GatewayError} of any copy of this module. */
export function isGatewayError(error: unknown): error is GatewayError {
  return typeof error === 'object' && error !== null && brand in error
}

const encoder = new TextEncoder()

/** The JSON body of an error answer: the API's own error shape, and the request id beside it. */
export function errorBody(error: GatewayError, requestId: string): Uint8Array {
  const { message, type, param, code } = error
  return encoder.encode(JSON.stringify({ error: { message, type, param, code }, request_id: requestId }))
}

/**
 * The headers of an error answer, length included. OpenAI's SDKs retry 408, 409, 429 and 5xx by themselves, so
 * they are told the truth: a time to come back when one is known, `x-should-retry: false` when trying again
 * cannot help or the gateway has already tried elsewhere, and nothing where their own judgement is as good.
 */
export function errorHeaders(error: GatewayError, requestId: string, bodyLength: number): HeaderList {
  const headers: [string, string][] = [
    ['content-type', 'application/json'],
    ['content-length', String(bodyLength)],
    ['x-request-id', requestId],
  ]
  if (error.retryAfterMs !== undefined && error.status >= 408) {
    headers.push(['retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)))])
    // Whole seconds would gather those whose times were spread. The SDKs look here first.
    headers.push(['retry-after-ms', String(Math.max(1, Math.ceil(error.retryAfterMs)))])
  } else if (error.retry === 'later') {
    headers.push(['retry-after', '1'])
  } else if (error.retry === 'never') {
    headers.push(['x-should-retry', 'false'])
  }
  if (error.status === 401) headers.push(['www-authenticate', 'Bearer realm="headgate"'])
  if (error.headers.length > 0) for (const [name, value] of error.headers) headers.push([name, value])
  return headers
}

/** Which stream dialect an in-stream error is written in; `plain` is any other endpoint's. */
export type StreamFormat = 'responses' | 'chat' | 'plain'

/**
 * The event that ends a broken stream: `event: error` with a flat body in the Responses dialect, a bare
 * `{"error":...}` chunk in Chat Completions and elsewhere. JSON text holds no line break, so it is one event whatever the
 * message says.
 */
export function errorEvent(format: StreamFormat, error: GatewayError, sequenceNumber: number): Uint8Array {
  const { message, type, param, code } = error
  if (format !== 'responses') {
    return encoder.encode(`data: ${JSON.stringify({ error: { message, type, param, code } })}\n\n`)
  }
  const flat = { type: 'error', code, message, param, sequence_number: sequenceNumber }
  return encoder.encode(`event: error\ndata: ${JSON.stringify(flat)}\n\n`)
}

function fill(template: string, values: GatewayErrorDetails['values']): string {
  if (values === undefined) return template
  return template.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name]
    if (value === undefined) return place
    return typeof value === 'object' ? value.map(one => cleanText(one)).join(', ') : cleanText(String(value))
  })
}
