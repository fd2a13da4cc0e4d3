import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Account } from './accounts.ts'
import { beginExchange, serveExchange } from './api.ts'
import type { MockControl } from './control.ts'
import { CONTROL_PREFIX, handleControl } from './control-http.ts'
import { identify, refuseCredential } from './credentials.ts'
import { ENTRA_PATH } from './entra-tokens.ts'
import type { Exchange } from './exchange.ts'
import { increment } from './request-counters.ts'
import { receiveTokenRequest } from './token-request.ts'
import type { MockWorld } from './world.ts'

/** The HTTP server of a world: tells control from API, finds the account, and ends exchanges when their sockets do. */
export function createMockServer(world: MockWorld, control: MockControl): Server {
  const running = new WeakMap<Socket, Set<Exchange>>()
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url!.startsWith(CONTROL_PREFIX)) {
      handleControl(control, request, response)
      return
    }
    const serve = (account: Account) => {
      const exchange = beginExchange(world, account, request, response)
      const ofSocket = running.get(request.socket)!
      ofSocket.add(exchange)
      response.on('close', () => {
        ofSocket.delete(exchange)
        endExchange(exchange)
      })
      serveExchange(exchange)
    }
    if (ENTRA_PATH.test(request.url!)) {
      receiveTokenRequest(world, { request, response }, serve)
      return
    }
    const presented = identify(world, request)
    if (presented.kind === 'account') serve(presented.account)
    else refuseCredential(world, presented, request, response)
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
