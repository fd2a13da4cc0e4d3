import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account } from './accounts.ts'
import type { MockTimer } from './clock.ts'
import { admit, leave } from './concurrency.ts'
import type { Dialect } from './dialects/dialect.ts'
import { dialectOf } from './dialects/dialects.ts'
import type { ApiError } from './errors.ts'
import { NEGATIVE_TOKEN_HEADERS, rateLimitHeaders } from './rate-limit.ts'
import type { LiveRecord } from './request-log.ts'
import type { Route } from './route.ts'
import { createSocketWire, type Wire, writeBody } from './stream/wire.ts'
import { plainWording, type Wording } from './wording.ts'
import type { MockWorld } from './world.ts'

/**
 * One authenticated request and its answer, from head to last byte: it owns the timer, the wire and the account's
 * place, and lets go of all of them once, when the answer has ended or the client has left.
 */
export class Exchange {
  readonly world: MockWorld
  readonly account: Account
  readonly route: Route
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly record: LiveRecord
  /** How the account speaks, as its profile stood at the request head. */
  readonly dialect: Dialect
  admitted: boolean
  /** The answer is an event stream; set by the endpoint before it writes. */
  streaming = false
  wording: Wording = plainWording
  /** Called when the answer stops before its end. */
  onAbort: (() => void) | null = null
  /** Called when the exchange is over, however that came. */
  onEnd: (() => void) | null = null
  /** The mock itself ended the connection, so nobody aborted. */
  cutByMock = false
  over = false
  #wire: Wire | null = null
  #timer: MockTimer | undefined
  #query: URLSearchParams | undefined

  constructor(parts: ExchangeParts) {
    this.world = parts.world
    this.account = parts.account
    this.route = parts.route
    this.request = parts.request
    this.response = parts.response
    this.record = parts.record
    this.dialect = dialectOf(parts.account)
    this.admitted =
      parts.route.generates && admit(parts.account.concurrency, parts.account.profile.concurrency ?? null)
  }

  get bodyBytes(): number {
    return this.record.bodyBytes
  }

  now(): number {
    return this.world.clock.now()
  }

  /** The parameters behind the path. */
  get query(): URLSearchParams {
    const url = this.request.url!
    this.#query ??= new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '')
    return this.#query
  }

  /** Forgets the pending timer. */
  dropTimer(): void {
    if (this.#timer !== undefined) this.world.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  /** The one pending timer of this exchange; dropped when the client leaves. */
  after(delayMs: number, callback: () => void): void {
    this.#timer = this.world.clock.setTimer(() => {
      this.#timer = undefined
      callback()
    }, delayMs)
  }

  get wire(): Wire {
    this.#wire ??= createSocketWire(this.response)
    return this.#wire
  }

  /** Puts a fault between the endpoint and the client. */
  wrapWire(wrap: (inner: Wire) => Wire): void {
    this.#wire = wrap(this.wire)
  }

  /** A JSON answer. */
  json(status: number, text: string, headers: readonly string[] = []): void {
    const all = this.headers('application/json', headers)
    if (this.#wire === null) writeBody(this.response, status, all, text)
    else this.#wire.body(status, all, text)
  }

  fail(error: ApiError): void {
    this.json(error.status, this.dialect.errorText(error), error.headers)
  }

  /** Opens an event stream. */
  openStream(): void {
    this.streaming = true
    this.wire.open(this.headers('text/event-stream; charset=utf-8'))
  }

  /** The headers of a real answer, flat. */
  headers(contentType: string, extra: readonly string[] = []): string[] {
    const now = this.now()
    const elapsedMs = Math.round(now - this.record.startedAt)
    const { account } = this
    const { nextId } = this.world
    const headers = this.dialect.headers({ contentType, account, nextId, elapsedMs })
    if (this.route.generates) {
      const negative = account.profile.rateLimitHeaders === 'negative'
      if (negative) headers.push(...NEGATIVE_TOKEN_HEADERS)
      else if (account.limiter !== null) headers.push(...rateLimitHeaders(account.limiter, now))
    }
    headers.push(...extra)
    return headers
  }

  /** Ends the connection from this side, after what was written has left. */
  destroySocket(how: 'end' | 'reset'): void {
    this.cutByMock = true
    const { socket } = this.request
    // The response corks the socket for one tick; a write behind it is done when everything before it is.
    socket.write('', () => {
      if (how === 'reset') socket.resetAndDestroy()
      else socket.destroy()
    })
  }

  /** Lets go of everything; called at the last byte, or as soon as the socket is known to be gone. */
  end(): void {
    if (this.over) return
    this.over = true
    this.dropTimer()
    const finished = this.response.writableFinished
    const aborted = !finished && !this.cutByMock
    if (this.route.generates)
      leave(this.account.concurrency, { admitted: this.admitted, unfinished: !finished })
    this.record.endedAt = this.now()
    this.record.status = this.response.headersSent ? this.response.statusCode : null
    this.record.aborted = aborted
    if (!finished) this.onAbort?.()
    this.onEnd?.()
  }
}

/** What an exchange is made of. */
export interface ExchangeParts {
  readonly world: MockWorld
  readonly account: Account
  readonly route: Route
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly record: LiveRecord
}
