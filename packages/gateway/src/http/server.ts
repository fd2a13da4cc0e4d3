// A little long: every way in which a connection or a request can go wrong before it reaches anybody is told in one place.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '@headgate/scheduler'
import { GatewayError } from '../proxy/errors/errors.ts'
import type { Inbound, Outbound } from '../proxy/exchange.ts'
import { explainListenError } from '../runtime/listen-error.ts'
import type { Log } from '../runtime/log.ts'
import { RunningCount } from '../runtime/running-count.ts'
import { newRequestId } from '../wire/request-id.ts'
import { createClientAddress } from './client-address.ts'
import { type Connection, connectionOf } from './connection.ts'
import { rawErrorAnswer, refuseWith } from './error-answer.ts'
import { addressOf, HttpExchange, type ServerState } from './exchange.ts'
import { methodNotServed, type RequestHead, readHead } from './head.ts'
import { defaultHttpLimits, type HttpLimits } from './limits.ts'
import { lingerBeforeClose } from './linger.ts'
import { createNodeServer, type TlsPair } from './node-server.ts'
import { type ClientError, parseErrorOf } from './parse-error.ts'
import { type PlainRoute, servePlainRoute } from './plain-route.ts'

/** Another server's way of answering requests, under this one's rules for heads and connections. */
export interface Mount {
  readonly prefix: string
  /** False: the pipeline has the request. */
  takes(): boolean
  /** Answers; a rejection becomes a 500. Nobody sees to a body: the connection ends with the answer to one. */
  handle(request: IncomingMessage, response: ServerResponse, remoteAddress: string): Promise<void>
}

/** Options of {@link createHttpServer}. */
export interface HttpServerOptions {
  /** The pipeline. It answers through `outbound`; what it throws becomes a 500, or a cut when it has begun. */
  readonly handle: (inbound: Inbound, outbound: Outbound) => Promise<void>
  /** Exact paths answered beside the pipeline. */
  readonly plainRoutes?: Readonly<Record<string, PlainRoute>>
  /** What answers all paths below a prefix beside the pipeline. */
  readonly mount?: Mount
  readonly limits?: Partial<HttpLimits>
  /** Speaks TLS with this certificate instead of plain HTTP. */
  readonly tls?: TlsPair | undefined
  /** Addresses and CIDR ranges whose word about their clients' addresses is believed. Default none. */
  readonly trustedProxies?: readonly string[]
  readonly log: Log
  readonly clock: Clock
}

/** The `node:http` driver of the pipeline. */
export interface HttpServer {
  /** Starts to listen; port 0 takes any free one. Rejects with an error that names the port and the remedy. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }>
  /**
   * Stops accepting, tells every client that this connection ends with its answer, closes idle ones, and waits for
   * the running exchanges; after `timeoutMs` the rest is ended by `endAll`, if there is one, and cut. Answers how many
   * were. Calling it again with a shorter time forces earlier.
   */
  drain(options: { readonly timeoutMs: number; readonly endAll?: () => void }): Promise<{ cut: number }>
  /** Requests under way. */
  readonly running: number
}

/** How long clients may take to hear that their requests are ended; then their sockets are closed. */
const lastWordMs = 250

/** Creates the server; nothing listens yet. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new NodeHttpServer(options)
}

class NodeHttpServer implements HttpServer {
  readonly #options: HttpServerOptions
  readonly #limits: HttpLimits
  readonly #state: ServerState
  readonly #plainRoutes: ReadonlyMap<string, PlainRoute>
  readonly #server: Server
  readonly #running = new RunningCount()

  constructor(options: HttpServerOptions) {
    this.#options = options
    this.#limits = { ...defaultHttpLimits, ...options.limits }
    const { clock, trustedProxies = [] } = options
    const clientAddress = trustedProxies.length === 0 ? undefined : createClientAddress(trustedProxies)
    this.#state = { limits: this.#limits, clock, clientAddress, draining: false }
    this.#plainRoutes = new Map(Object.entries(options.plainRoutes ?? {}))
    this.#server = this.#createServer()
  }

  get running(): number {
    return this.#running.count
  }

  listen(address: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }> {
    return new Promise((resolve, reject) => {
      const server = this.#server
      const onError = (error: Error): void => reject(explainListenError(error, address))
      server.once('error', onError)
      server.listen(address.port, address.host, () => {
        server.off('error', onError)
        server.on('error', error => this.#options.log.error({ error }, 'The HTTP server failed.'))
        const bound = server.address() as AddressInfo
        resolve({ host: bound.address, port: bound.port })
      })
    })
  }

  async drain({ timeoutMs, endAll }: Parameters<HttpServer['drain']>[0]): Promise<{ cut: number }> {
    this.#state.draining = true
    this.#server.closeIdleConnections()
    // The port stays open while answers run: probes read 503 from /ready, and whoever comes late is told when to
    // come back, where a closed port would look like a crash.
    await this.#running.whenIdle(this.#options.clock, timeoutMs)
    const cut = this.#running.count
    if (cut > 0 && endAll !== undefined) {
      endAll()
      await this.#running.whenIdle(this.#options.clock, lastWordMs)
    }
    this.#server.close()
    this.#server.closeAllConnections()
    return { cut }
  }

  #createServer(): Server {
    return createNodeServer(this.#limits, this.#options.tls, {
      request: (request, response) => this.#onRequest(request, response),
      expectation: response => refuseWith(response, new GatewayError('unsupported_expectation')),
      connect: (request, socket) => this.#refuseSocket(socket, methodNotServed('CONNECT', request.url ?? '')),
      connection: socket => this.#onConnection(socket),
      clientError: (error, socket) => this.#onClientError(error, socket),
    })
  }

  #onConnection(socket: Socket): void {
    const connection = connectionOf(socket)
    // A client that closes its half before its answer is complete counts as gone: Node drops the answer anyway.
    socket.on('end', () => {
      for (const exchange of [...connection.running]) {
        if (exchange.answered || exchange.bodyPending) continue
        socket.destroy()
        exchange.leave()
      }
    })
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const connection = connectionOf(request.socket)
    if (connection.closing) return
    const head = readHead(request, this.#limits)
    if (head instanceof GatewayError) {
      this.#refuseRequest(request, response, connection, head)
      return
    }
    if (this.#plainRoutes.size > 0) {
      const route = this.#plainRoutes.get(pathOf(request.url!))
      if (route !== undefined) {
        this.#servePlain(route, request, response, head.headers)
        return
      }
    }
    const { mount } = this.#options
    if (mount !== undefined && request.url!.startsWith(mount.prefix) && mount.takes()) {
      this.#serveMount(mount, request, response, head)
      return
    }
    this.#serve(new HttpExchange(response, head, connection, this.#state), response, connection)
  }

  #serve(exchange: HttpExchange, response: ServerResponse, connection: Connection): void {
    connection.running.push(exchange)
    if (connection.running.length >= this.#limits.maxPipelined) connection.closing = true
    this.#running.begin()
    let handled = false
    let closed = false
    const settle = (): void => {
      if (handled && closed) this.#running.end()
    }
    response.on('close', () => {
      closed = true
      this.#onResponseClose(exchange, response, connection)
      settle()
    })
    this.#options.handle(exchange, exchange).then(
      () => {
        handled = true
        this.#abandon(exchange, response, undefined)
        settle()
      },
      (error: unknown) => {
        handled = true
        this.#abandon(exchange, response, error)
        settle()
      },
    )
  }

  #onResponseClose(exchange: HttpExchange, response: ServerResponse, connection: Connection): void {
    connection.running.splice(connection.running.indexOf(exchange), 1)
    if (response.writableFinished) exchange.sent()
    else exchange.leave()
    if (connection.running.length > 0) return
    if (connection.closing || this.#state.draining) response.req.socket.destroySoon()
  }

  /** The pipeline returned without an answer, or threw: the client must not wait for what never comes. */
  #abandon(exchange: HttpExchange, response: ServerResponse, error: unknown): void {
    if (exchange.answered || exchange.gone) return
    const requestId = newRequestId()
    this.#options.log.error(
      { requestId, error, target: pathOf(exchange.target) },
      'The pipeline left a request unanswered.',
    )
    if (exchange.begun) exchange.destroy()
    else refuseWith(response, new GatewayError('internal_error'), requestId)
  }

  #serveMount(mount: Mount, request: IncomingMessage, response: ServerResponse, head: RequestHead): void {
    const hasBody = head.contentLength !== 0
    if (hasBody) lingerBeforeClose(request.socket, this.#options.clock, this.#limits.lingerMs)
    if (hasBody || this.#state.draining) response.shouldKeepAlive = false
    const remoteAddress = addressOf(request.socket, head.headers, this.#state)
    mount.handle(request, response, remoteAddress).catch((error: unknown) => {
      const requestId = newRequestId()
      this.#options.log.error(
        { requestId, error, target: pathOf(request.url ?? '') },
        'A mounted route failed.',
      )
      if (response.headersSent) response.destroy()
      else refuseWith(response, new GatewayError('internal_error'), requestId)
    })
  }

  #servePlain(
    route: PlainRoute,
    request: IncomingMessage,
    response: ServerResponse,
    headers: Inbound['headers'],
  ): void {
    servePlainRoute(route, request, response, headers).catch((error: unknown) => {
      const requestId = newRequestId()
      this.#options.log.error(
        { requestId, error, target: pathOf(request.url ?? '') },
        'A plain route failed.',
      )
      if (response.headersSent) response.destroy()
      else refuseWith(response, new GatewayError('internal_error'), requestId)
    })
  }

  #refuseRequest(
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
    error: GatewayError,
  ): void {
    connection.closing = true
    const requestId = this.#refused(error, request.socket)
    // Node closes the socket of an HTTP/2 preface in the same turn, before a response object could be flushed.
    if (request.method === 'PRI') {
      request.socket.write(rawErrorAnswer(error, requestId))
      return
    }
    lingerBeforeClose(request.socket, this.#options.clock, this.#limits.lingerMs)
    refuseWith(response, error, requestId)
    request.resume()
  }

  #onClientError(error: ClientError, socket: Socket): void {
    const connection = connectionOf(socket)
    const exchange = connection.running.at(-1)
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    if (exchange?.bodyPending) {
      exchange.failBody(parseErrorOf(error, this.#limits, 'in_body'))
      return
    }
    if (connection.closing) return
    connection.closing = true
    // What cannot be read comes after a request that can: its answer is still owed, and ends the connection.
    if (exchange !== undefined) return
    this.#refuseSocket(socket, parseErrorOf(error, this.#limits, 'in_head'))
  }

  #refuseSocket(socket: Socket, error: GatewayError): void {
    // A connection that never sent a byte (a browser's spare one) is closed without a word.
    if (socket.bytesRead === 0) {
      socket.destroy()
      return
    }
    lingerBeforeClose(socket, this.#options.clock, this.#limits.lingerMs)
    socket.on('error', () => socket.destroy())
    socket.write(rawErrorAnswer(error, this.#refused(error, socket)))
    socket.destroySoon()
  }

  /** Logs what never became a request of the pipeline, and answers the id under which its client may ask for it. */
  #refused({ code, message }: GatewayError, { remoteAddress }: Socket): string {
    const requestId = newRequestId()
    this.#options.log.info({ requestId, errorCode: code, remoteAddress }, message)
    return requestId
  }
}

function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}
