/** What the driver alone sees to. The whole table of bad input: `test/e2e/bad-input`. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RawClient } from '../../test/sockets/raw-client.ts'
import { errorBody, isGatewayError } from '../proxy/errors/errors.ts'
import type { Inbound, Outbound } from '../proxy/exchange.ts'
import { nodeClock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { createHttpServer, type HttpServer } from './server.ts'

const limitBytes = 4096

let server: HttpServer
let port: number
/** How many requests reached the pipeline. */
let handled = 0

/** Stands for the pipeline: refuses the credential `bad`, reads the body, answers its length. */
async function handle(inbound: Inbound, outbound: Outbound): Promise<void> {
  handled++
  if (inbound.headers.some(([name, value]) => name === 'authorization' && value === 'Bearer bad')) {
    outbound.begin(401, [['content-length', '0']])
    outbound.end()
    return
  }
  try {
    const body = await inbound.readBody(limitBytes)
    const text = Buffer.from(`{"bytes":${body.length},"target":"${inbound.target}"}`)
    outbound.begin(200, [['content-length', String(text.length)]])
    outbound.write(text)
  } catch (error) {
    if (!isGatewayError(error)) throw error
    const body = errorBody(error, 'req_test')
    outbound.begin(error.status, [['content-length', String(body.length)]])
    outbound.write(body)
  }
  outbound.end()
}

beforeAll(async () => {
  server = createHttpServer({
    handle,
    plainRoutes: { '/health': () => ({ status: 200, headers: [], body: 'ok' }) },
    limits: {
      headersTimeoutMs: 100,
      checkIntervalMs: 20,
      bodyWindowMs: 100,
      bodyMinBytes: 16,
      lingerMs: 200,
    },
    log: silentLog,
    clock: nodeClock,
  })
  port = (await server.listen({ host: '127.0.0.1', port: 0 })).port
})

afterAll(() => server.drain({ timeoutMs: 0 }))

const host = 'Host: gateway\r\n'
const post = (headers: string, body = ''): string =>
  `POST /v1/responses HTTP/1.1\r\n${host}${headers}\r\n${body}`

describe('a bad request', () => {
  it('lets a client that goes on sending read why it was refused', async () => {
    const client = await RawClient.open(port)
    const errors: Error[] = []
    client.socket.on('error', error => errors.push(error))
    client.send(post('Content-Length: 8000000\r\n'))
    const answer = await client.untilClosed()
    // The server has closed its side; a reset now would reach a slower client before the answer.
    for (let i = 0; i < 20; i++) {
      client.send(Buffer.alloc(100_000))
      await new Promise(resolve => setImmediate(resolve))
    }
    client.close()
    expect(answer.json?.error.code).toBe('body_too_large')
    expect(errors).toEqual([])
  })

  it('closes a connection that never says anything, without a word', async () => {
    const client = await RawClient.open(port)
    expect((await client.untilClosed()).text).toBe('')
  })

  it('hands an encoded body over as it came', async () => {
    const packed = gzipSync(Buffer.alloc(100_000))
    const client = await RawClient.open(port)
    client.send(post(`Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n`)).send(packed)
    const answer = await client.until(text => text.includes('bytes'))
    client.close()
    expect(answer.text).toContain(`{"bytes":${packed.length}`)
  })

  it.each([
    ['two lengths', post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello')],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', `GET / HTTP/1.1\r\n${host}Host: other\r\n\r\n`],
    ['a full URL', `GET http://evil/ HTTP/1.1\r\n${host}\r\n`],
    ['101 fields', `GET / HTTP/1.1\r\n${host}${'a: b\r\n'.repeat(100)}\r\n`],
    ['two credentials', `GET / HTTP/1.1\r\n${host}Authorization: a\r\nAuthorization: b\r\n\r\n`],
    ['an upgrade', `GET / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: foo\r\n\r\n`],
  ])('with %s does not reach the pipeline', async (_what, send) => {
    const before = handled
    const client = await RawClient.open(port)
    expect((await client.send(send).untilClosed()).status).toBeGreaterThanOrEqual(400)
    client.close()
    expect(handled).toBe(before)
  })

  it('beyond the most connections finds none, and those that are open live on', async () => {
    const small = createHttpServer({
      handle,
      limits: { maxConnections: 2 },
      log: silentLog,
      clock: nodeClock,
    })
    const { port } = await small.listen({ host: '127.0.0.1', port: 0 })
    const first = await RawClient.open(port)
    const second = await RawClient.open(port)
    for (const client of [first, second])
      await client.send(post('Content-Length: 5\r\n', 'hello')).until(text => text.includes('"bytes":5'))
    const third = await RawClient.open(port)
    expect(await third.send(post('Content-Length: 5\r\n', 'hello')).untilClosed()).toMatchObject({ text: '' })
    const again = await first
      .send(post('Content-Length: 4\r\n', 'more'))
      .until(text => text.includes('"bytes":4'))
    expect(again.status).toBe(200)
    for (const client of [first, second, third]) client.close()
    await small.drain({ timeoutMs: 0 })
  })

  it('does not let a bad request behind a good one take its answer', async () => {
    const client = await RawClient.open(port)
    client.send(`${post('Content-Length: 5\r\n', 'hello')}NONSENSE\r\n\r\n`)
    const answer = await client.untilClosed()
    client.close()
    expect(answer.text).toContain('{"bytes":5')
    expect(answer.text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  })

  it('of any bytes at all leaves the server serving', async () => {
    const pieces = fc.constantFrom(
      ...[
        'GET ',
        'POST ',
        '/',
        ' HTTP/1.1',
        '\r\n',
        '\n',
        '\r',
        ':',
        ' ',
        '\0',
        'Host: g',
        'Content-Length: 5',
      ],
      ...[
        'Transfer-Encoding: chunked',
        'Expect: 100-continue',
        'Upgrade: h2c',
        'Connection: close',
        '5',
        'hello',
      ],
      ...['0\r\n\r\n', 'PRI * HTTP/2.0', 'CONNECT a:1', '\u0016\u0003\u0001', 'x'.repeat(9000)],
    )
    const whole = fc.constantFrom(post('Content-Length: 5\r\n', 'hello'), `GET / HTTP/1.1\r\n${host}\r\n`)
    const message = fc.array(fc.oneof(pieces, whole, fc.string({ unit: 'binary', maxLength: 20 })), {
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(
        message,
        fc.constantFrom('end', 'destroy', 'resetAndDestroy'),
        async (parts, leave) => {
          const client = await RawClient.open(port)
          for (const part of parts) client.send(Buffer.from(part, 'latin1'))
          await new Promise(resolve => setImmediate(resolve))
          client.socket[leave as 'end']()
          client.close()
        },
      ),
      { numRuns: 150 },
    )
    const client = await RawClient.open(port)
    const answer = await client.send(`GET / HTTP/1.1\r\n${host}\r\n`).until(text => text.includes('}'))
    client.close()
    expect(answer.status).toBe(200)
    while (server.running > 0) await new Promise(resolve => setImmediate(resolve))
  })
})
