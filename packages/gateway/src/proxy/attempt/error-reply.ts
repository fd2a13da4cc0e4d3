import { hideKnownCredentials } from '../../text/credentials.ts'
import type { HeaderList } from '../../wire/header-list.ts'
import { type InBandFailure, readFailure } from '../tap/failure.ts'
import type { Attempt, Reply } from './attempt.ts'
import { joinBytes } from './collect.ts'
import type { Verdict, VerdictContext } from './outcome.ts'
import { responseHeaders } from './response-headers.ts'
import { retryAfterMs } from './retry-after.ts'

/** The most of an error's body that is read: enough for any API's, too little for a page to hurt. */
const maxErrorBytes = 64 << 10

/** An answer of status 300 or more: read within bounds, judged, and relayed only if it is the client's due. */
export class ErrorReply implements Reply {
  readonly #attempt: Attempt
  readonly #status: number
  readonly #headers: HeaderList
  readonly responseId = undefined
  #chunks: Uint8Array[] = []
  #size = 0

  constructor(attempt: Attempt, status: number, headers: HeaderList) {
    this.#attempt = attempt
    this.#status = status
    this.#headers = headers
  }

  data(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > maxErrorBytes) this.#judge(undefined, undefined)
  }

  end(): void {
    const body = joinBytes(this.#chunks, this.#size)
    this.#judge(readBody(body), body)
  }

  /** The status had been said; the rest of the body would not have changed much. */
  broken(): void {
    this.#judge(undefined, undefined)
  }

  dispose(): void {
    this.#chunks = []
  }

  #judge(failure: InBandFailure | undefined, body: Uint8Array | undefined): void {
    const attempt = this.#attempt
    const { judge } = attempt.options
    if (failure !== undefined) attempt.upstreamSaid(failure.message)
    const verdict = judge(this.#status, this.#headers, failure, this.#context(failure, body))
    if (verdict.answer === 'relay' && body !== undefined) this.#relay(verdict, withoutCredentials(body))
    else attempt.fail(verdict)
  }

  /** Only a pool's own rules look into a body that is no JSON. */
  #context(failure: InBandFailure | undefined, body: Uint8Array | undefined): VerdictContext {
    const { context } = this.#attempt
    if (context.blocks === undefined || failure !== undefined || body === undefined) return context
    return { ...context, text: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8') }
  }

  #relay(verdict: Verdict, body: Uint8Array): void {
    const { trace, extraHeaders, outbound, clock } = this.#attempt.options
    const headers = responseHeaders(this.#headers, { requestId: trace.requestId, body: body.length })
    const waitMs = retryAfterMs(this.#headers, clock.wallMs())
    if (waitMs !== undefined) headers.push(['retry-after', String(Math.ceil(waitMs / 1000))])
    for (const field of extraHeaders) headers.push([field[0], field[1]])
    this.#attempt.begin(this.#status, headers)
    this.#attempt.write(body)
    outbound.end()
    this.#attempt.finish(verdict.outcome, undefined)
  }
}

/** Some upstreams repeat the key that they were shown; what they say of the request is the client's due without it. */
function withoutCredentials(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const clean = hideKnownCredentials(text)
  return clean === text ? body : Buffer.from(clean)
}

/** The error object of a JSON body, undefined when the body is no JSON object. */
function readBody(body: Uint8Array): InBandFailure | undefined {
  try {
    const value: unknown = JSON.parse(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'),
    )
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const nested = (value as { error?: unknown }).error
    return readFailure(typeof nested === 'object' && nested !== null ? nested : value)
  } catch {
    return undefined
  }
}
