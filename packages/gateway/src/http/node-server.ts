import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { HttpLimits } from './limits.ts'
import type { ClientError } from './parse-error.ts'

/** A certificate, with its intermediate ones behind it, and its key; PEM. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
}

/** Everything Node's server can call back with. */
export interface NodeServerEvents {
  request(request: IncomingMessage, response: ServerResponse): void
  /** `Expect` with anything but 100-continue. */
  expectation(response: ServerResponse): void
  connect(request: IncomingMessage, socket: Socket): void
  connection(socket: Socket): void
  clientError(error: ClientError, socket: Socket): void
}

/** Makes Node's own server with every default that this one cannot live with replaced. */
export function createNodeServer(
  limits: HttpLimits,
  tls: TlsPair | undefined,
  events: NodeServerEvents,
): Server {
  const onRequest: RequestListener = (request, response) => events.request(request, response)
  const options = nodeOptions(limits)
  const server =
    tls === undefined
      ? createServer(options, onRequest)
      : createTlsServer({ ...options, ...tlsOptions(tls, limits) }, onRequest)
  // Beyond its own count Node reports an overflow that cannot be told from one of bytes, so ours comes first.
  server.maxHeadersCount = Math.max(1000, limits.maxHeaderFields + 1)
  server.maxConnections = limits.maxConnections
  // With a listener Node leaves it to us when, and whether, the client is told to continue.
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', (_request, response) => events.expectation(response))
  server.on('connect', (request, socket) => events.connect(request, socket as Socket))
  server.on('clientError', (error: ClientError, socket) => events.clientError(error, socket as Socket))
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
    events.connection(socket),
  )
  return server
}

function tlsOptions({ cert, key }: TlsPair, limits: HttpLimits) {
  // A handshake is the head's forerunner: who drips it is cut off as soon.
  return { cert, key, handshakeTimeout: limits.headersTimeoutMs }
}

function nodeOptions(limits: HttpLimits) {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    // Bodies have their own deadline: a total one would cut long uploads or allow endless drips.
    requestTimeout: 0,
    connectionsCheckingInterval: limits.checkIntervalMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    noDelay: true,
    // A missing Host is refused in readHead, with a body that says so.
    requireHostHeader: false,
    insecureHTTPParser: false,
    optimizeEmptyRequests: true,
    // Node would take every upgrade for one of ours; readHead refuses those that nobody serves.
    shouldUpgradeCallback: () => false,
  }
}
