import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { afterEach, expect, it } from 'vitest'
import { selfSigned } from '../../test/fixtures/self-signed.ts'
import type { Outbound } from '../proxy/exchange.ts'
import { nodeClock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'

const tls = selfSigned()
const servers: HttpServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.drain({ timeoutMs: 0 })
})

async function start(
  handle: HttpServerOptions['handle'],
  limits: HttpServerOptions['limits'] = {},
): Promise<number> {
  const server = createHttpServer({ handle, limits, tls, log: silentLog, clock: nodeClock })
  servers.push(server)
  return (await server.listen({ host: '127.0.0.1', port: 0 })).port
}

async function open(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: 'localhost', ca: tls.cert, servername: 'localhost' })
  await once(socket, 'secureConnect')
  return socket
}

const request = (version: string): string => `GET /v1/models HTTP/${version}\r\nHost: g\r\n\r\n`

it('serves whoever trusts the certificate', async () => {
  const port = await start(async (_inbound, outbound) => {
    outbound.begin(200, [['content-length', '6']])
    outbound.write(Buffer.from('sealed'))
    outbound.end()
  })
  const socket = await open(port)
  socket.write(request('1.1'))
  const [chunk] = await once(socket, 'data')
  expect(String(chunk)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(String(chunk)).toMatch(/sealed$/)
  socket.destroy()
})

it('aborts the signal when the client leaves', async () => {
  const gone = Promise.withResolvers<void>()
  const port = await start(async (inbound, outbound) => {
    inbound.signal.addEventListener('abort', () => gone.resolve())
    outbound.begin(200, [])
    outbound.write(Buffer.from('half'))
    await gone.promise
  })
  const socket = await open(port)
  socket.write(request('1.1'))
  await once(socket, 'data')
  socket.destroy()
  await gone.promise
})

it('resets an HTTP/1.0 connection, where a close would mean success', async () => {
  const arrived = Promise.withResolvers<Outbound>()
  const port = await start(async (_inbound, outbound) => {
    outbound.begin(200, [])
    outbound.write(Buffer.from('half'))
    arrived.resolve(outbound)
    await new Promise(() => {})
  })
  const socket = await open(port)
  const reset = once(socket, 'error')
  socket.write(request('1.0'))
  await once(socket, 'data')
  const outbound = await arrived.promise
  outbound.destroy()
  expect((await reset)[0]).toMatchObject({ code: 'ECONNRESET' })
})

it('cuts off a reader that takes nothing', async () => {
  const gone = Promise.withResolvers<void>()
  const port = await start(
    async (inbound, outbound) => {
      inbound.signal.addEventListener('abort', () => gone.resolve())
      outbound.begin(200, [])
      outbound.write(Buffer.alloc(32 * 1024 * 1024))
      await gone.promise
    },
    { stalledReaderMs: 100 },
  )
  const socket = await open(port)
  socket.on('error', () => {})
  socket.pause()
  socket.write(request('1.1'))
  await gone.promise
  socket.destroy()
})

it('closes a connection that speaks plain HTTP, and goes on serving others', async () => {
  const port = await start(async (_inbound, outbound) => {
    outbound.begin(204, [])
    outbound.end()
  })
  const plain = connectPlain(port, '127.0.0.1')
  plain.on('error', () => {})
  plain.resume().write(request('1.1'))
  await once(plain, 'close')
  const socket = await open(port)
  socket.write(request('1.1'))
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 204/)
  socket.destroy()
})

it('gives a handshake no more time than a head', async () => {
  const port = await start(async () => {}, { headersTimeoutMs: 50 })
  const silent = connectPlain(port, '127.0.0.1')
  silent.on('error', () => {})
  silent.resume()
  await once(silent, 'close')
})
