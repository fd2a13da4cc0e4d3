import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { beginExchange, createRecord, serveExchange } from './api.ts'
import type { MockControl } from './control.ts'
import { CONTROL_PREFIX, handleControl } from './control-http.ts'
import { errorBody, incorrectKey, missingKey } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { increment } from './request-counters.ts'
import { writeBody } from './stream/wire.ts'
import type { MockWorld } from './world.ts'

/** The HTTP server of a world: tells control from API, finds the account, and ends exchanges when their sockets do. */
export function createMockServer(world: MockWorld, control: MockControl): Server {
  const running = new WeakMap<Socket, Set<Exchange>>()
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url!.startsWith(CONTROL_PREFIX)) {
      handleControl(control, request, response)
      return
    }
    const key = presentedKey(request)
    const account = key === null ? undefined : world.accounts.byKey(key)
    if (account === undefined) {
      refuseKey(world, key, request, response)
      return
    }
    const exchange = beginExchange(world, account, request, response)
    const ofSocket = running.get(request.socket)!
    ofSocket.add(exchange)
    response.on('close', () => {
      ofSocket.delete(exchange)
      endExchange(exchange)
    })
    serveExchange(exchange)
  }
  // No keep-alive timeout: a timer per request costs, and a client's pool must not lose connections to the mock's mood.
  const timeouts = { requestTimeout: 0, keepAliveTimeout: 0 }
  const server = createServer({ maxHeaderSize: 65_536, noDelay: true, ...timeouts }, onRequest)
  server.on('connection', (socket: Socket) => {
    const ofSocket = new Set<Exchange>()
    running.set(socket, ofSocket)
    // A response hears of a lost client only a turn of the event loop later, one queued behind another (pipelining)
    // never; their places must be free at once.
    const onGone = () => {
      for (const exchange of ofSocket) endExchange(exchange)
    }
    socket.on('end', onGone).on('error', onGone).on('close', onGone)
  })
  return server
}

function endExchange(exchange: Exchange): void {
  if (exchange.over) return
  exchange.end()
  const { counters } = exchange.account
  increment(counters.byStatus, exchange.record.status ?? 'none')
  if (exchange.record.aborted) counters.aborted += 1
}

function presentedKey({ headers }: IncomingMessage): string | null {
  const { authorization } = headers
  if (authorization !== undefined && /^bearer /i.test(authorization))
    return authorization.slice(7).trim() || null
  const apiKey = headers['api-key']
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey : null
}

function refuseKey(
  world: MockWorld,
  key: string | null,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  world.unauthorized += 1
  const now = world.clock.now()
  const record = createRecord(request, { endpoint: 'unknown', account: null, now })
  world.log.add({ ...record, endedAt: now, status: 401 })
  const error = key === null ? missingKey() : incorrectKey(key)
  const headers = ['content-type', 'application/json', 'x-request-id', world.nextId('req_')]
  request.resume()
  writeBody(response, error.status, headers, errorBody(error))
}
