import { Pool } from 'undici'
import type { BodyStream } from '../wire/body-stream.ts'
import type {
  Upstream,
  UpstreamExchange,
  UpstreamListener,
  UpstreamRequest,
  UpstreamTarget,
} from '../wire/upstream.ts'
import { createConnector, type Resolve } from './connector.ts'
import { DispatchedExchange } from './exchange.ts'

/** Options of {@link createUpstream}; durations in milliseconds. */
export interface UpstreamOptions {
  /** Sockets of one account at once; further requests wait for one within their `headersTimeoutMs`. Default 512. */
  readonly connectionsPerAccount?: number
  /** Default 10 s. */
  readonly connectTimeoutMs?: number
  /**
   * How long an unused socket is kept: `https` 30 s, which big providers outlast and which saves TLS handshakes;
   * `http` 4 s, below the 5 s after which uvicorn (vLLM, SGLang) closes without notice. A `keep-alive: timeout`
   * the server states goes before both.
   */
  readonly keepAliveMs?: { readonly http: number; readonly https: number }
  /** Resolves host names; default the system's resolver. */
  readonly resolve?: Resolve
}

const defaults = {
  connectionsPerAccount: 512,
  connectTimeoutMs: 10_000,
  keepAliveMs: { http: 4000, https: 30_000 },
}

/** Above this a body of several pieces is sent piece by piece instead of being copied into one. */
const copyLimitBytes = 256 * 1024

/** The head of a response may not be larger; the answer is then a `protocol` fault. */
const maxResponseHeadBytes = 64 * 1024

/**
 * The {@link Upstream} port over undici's dispatch, HTTP/1.1 only.
 *
 * Every account has sockets of its own, even when several share an origin or a proxy: a connection that one account's
 * upstream has poisoned (bytes after the end of a response) never carries another account's request. There is no
 * pipelining, no redirect, no decompression and no retry. A listener must not throw.
 */
export function createUpstream(options: UpstreamOptions = {}): Upstream {
  return new UndiciUpstream({ ...defaults, ...options })
}

/** An account's sockets, for one way to one base URL. */
interface AccountPool {
  /** The last target they served: the same object needs no comparison. */
  target: UpstreamTarget
  readonly pathPrefix: string
  readonly pool: Pool
}

class UndiciUpstream implements Upstream {
  readonly #options: typeof defaults & UpstreamOptions
  readonly #pools = new Map<string, AccountPool>()
  /** Pools that take no more requests and are not empty yet. */
  readonly #retired = new Set<Pool>()
  readonly #idleListeners: (() => void)[] = []
  readonly #running = new Set<DispatchedExchange>()
  #closed = false

  constructor(options: typeof defaults & UpstreamOptions) {
    this.#options = options
  }

  send(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    const { target } = request
    const exchange = new DispatchedExchange(listener, target.headersTimeoutMs, this.#onOver)
    this.#running.add(exchange)
    if (this.#closed) {
      queueMicrotask(() => exchange.onResponseError(null, new ClosedError()))
      return exchange
    }
    const { pool, pathPrefix } = this.#poolOf(target)
    const body = joinSmall(request.body)
    pool.dispatch(
      {
        path: pathPrefix + request.path,
        method: request.method,
        headers: flatHeaders(request, body),
        body: (isStream(body) ? exchange.pacing(body) : body) as Uint8Array | null,
        headersTimeout: 0,
        bodyTimeout: target.idleTimeoutMs,
      },
      exchange,
    )
    return exchange
  }

  retain(accountIds: ReadonlySet<string>): void {
    for (const [accountId, { pool }] of this.#pools) {
      if (accountIds.has(accountId)) continue
      this.#pools.delete(accountId)
      this.#retire(pool)
    }
  }

  async close({ timeoutMs } = { timeoutMs: 0 }): Promise<void> {
    this.#closed = true
    this.retain(new Set())
    await this.#idleWithin(timeoutMs)
    for (const exchange of [...this.#running]) exchange.close()
    // What is left are sockets still being made for requests that were given up.
    await Promise.all([...this.#retired].map(pool => pool.destroy()))
  }

  /** Resolves when nothing runs, or when the time is over. */
  #idleWithin(timeoutMs: number): Promise<void> {
    if (this.#running.size === 0 || timeoutMs <= 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#idleListeners.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #poolOf(target: UpstreamTarget): AccountPool {
    const known = this.#pools.get(target.accountId)
    if (known !== undefined) {
      if (known.target === target) return known
      if (isSameWay(known.target, target)) {
        known.target = target
        return known
      }
      this.#retire(known.pool)
    }
    const made = this.#openPool(target)
    this.#pools.set(target.accountId, made)
    return made
  }

  #openPool(target: UpstreamTarget): AccountPool {
    const url = new URL(target.baseUrl)
    const { connectionsPerAccount, keepAliveMs, resolve } = this.#options
    const { allowPrivate = false, connectTimeoutMs = this.#options.connectTimeoutMs, proxy, tls } = target
    const keepAliveTimeout = url.protocol === 'https:' ? keepAliveMs.https : keepAliveMs.http
    const pool = new Pool(url.origin, {
      connect: createConnector({ allowPrivate, connectTimeoutMs, resolve, proxy, tls }),
      connections: connectionsPerAccount,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout,
      maxHeaderSize: maxResponseHeadBytes,
    })
    return { target, pathPrefix: url.pathname.replace(/\/$/, ''), pool }
  }

  /** Idle sockets close now, busy ones after their exchange. */
  #retire(pool: Pool): void {
    this.#retired.add(pool)
    void pool.close().finally(() => this.#retired.delete(pool))
  }

  readonly #onOver = (exchange: DispatchedExchange): void => {
    this.#running.delete(exchange)
    if (this.#running.size === 0) for (const resolve of this.#idleListeners.splice(0)) resolve()
  }
}

/** Whether sockets made for one target serve another: everything that connecting depends on. */
function isSameWay(a: UpstreamTarget, b: UpstreamTarget): boolean {
  return (
    a.baseUrl === b.baseUrl &&
    a.allowPrivate === b.allowPrivate &&
    a.connectTimeoutMs === b.connectTimeoutMs &&
    a.proxy?.origin === b.proxy?.origin &&
    a.proxy?.authorization === b.proxy?.authorization &&
    a.tls?.ca === b.tls?.ca &&
    a.tls?.cert === b.tls?.cert &&
    a.tls?.key === b.tls?.key &&
    a.tls?.serverName === b.tls?.serverName
  )
}

class ClosedError extends Error {
  readonly code = 'UND_ERR_CLOSED'
}

type Body = UpstreamRequest['body']

function isStream(body: Body): body is BodyStream {
  return body !== null && Symbol.asyncIterator in body
}

function joinSmall(body: Body): Body {
  if (body === null || body instanceof Uint8Array || isStream(body)) return body
  return totalBytes(body) <= copyLimitBytes ? Buffer.concat(body) : body
}

function totalBytes(pieces: readonly Uint8Array[]): number {
  let total = 0
  for (const piece of pieces) total += piece.length
  return total
}

/** undici measures one array itself; a stream of unknown length goes in chunks. */
function lengthToTell(body: Body): number | undefined {
  if (body === null || body instanceof Uint8Array) return undefined
  return isStream(body) ? body.length : totalBytes(body)
}

/** Names and values in turn, the form undici takes without a copy. Pieces need their length told. */
function flatHeaders(request: UpstreamRequest, body: Body): string[] {
  const flat: string[] = []
  for (const [name, value] of request.headers) flat.push(name, value)
  for (const [name, value] of request.target.headers) flat.push(name, value)
  const length = lengthToTell(body)
  if (length !== undefined) flat.push('content-length', String(length))
  return flat
}
