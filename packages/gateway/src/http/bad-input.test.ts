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

interface Row {
  readonly name: string
  readonly send: string | Uint8Array
  readonly status: number
  readonly code?: string
  readonly says?: string
  /** Closes its half after sending. */
  readonly fin?: boolean
}

const rows: readonly Row[] = [
  {
    name: 'H1 content-length and transfer-encoding together',
    send: post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    status: 400,
    code: 'bad_framing',
  },
  {
    name: 'H2 two different content-lengths',
    send: post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'),
    status: 400,
    code: 'bad_framing',
  },
  ...['-1', '+3', '99999999999999999999', '0x10', '5, 5', ''].map(value => ({
    name: `H3 content-length ${JSON.stringify(value)}`,
    send: post(`Content-Length: ${value}\r\n`, 'hello'),
    status: 400,
    code: 'bad_framing',
  })),
  ...[
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding : chunked',
  ].map(header => ({
    name: `H4 ${header}`,
    send: post(`${header}\r\n`, '5\r\nhello\r\n0\r\n\r\n'),
    status: 400,
    code: 'bad_framing',
  })),
  {
    name: 'H5 a chunk size that is no number',
    send: post('Transfer-Encoding: chunked\r\n', 'zz\r\nhello\r\n0\r\n\r\n'),
    status: 400,
    code: 'bad_framing',
  },
  {
    name: 'H5 a chunk extension of 20 KB',
    send: post('Transfer-Encoding: chunked\r\n', `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`),
    status: 413,
    code: 'bad_framing',
    says: 'chunk extensions',
  },
  {
    name: 'H6 bare line feeds',
    send: `GET / HTTP/1.1\nHost: gateway\n\n`,
    status: 400,
    code: 'bad_framing',
  },
  {
    name: 'H6 a folded header',
    send: `GET / HTTP/1.1\r\n${host} folded\r\n\r\n`,
    status: 400,
    code: 'bad_framing',
  },
  { name: 'H6 CR CR LF', send: `GET / HTTP/1.1\r\n${host}\r\rX`, status: 400, code: 'bad_framing' },
  {
    name: 'H6 NUL in a header',
    send: `GET / HTTP/1.1\r\n${host}a: \0\r\n\r\n`,
    status: 400,
    code: 'bad_framing',
  },
  { name: 'H7 no Host', send: 'GET / HTTP/1.1\r\n\r\n', status: 400, code: 'bad_framing', says: 'Host' },
  {
    name: 'H8 two Hosts',
    send: `GET / HTTP/1.1\r\n${host}Host: other\r\n\r\n`,
    status: 400,
    code: 'duplicate_header',
    says: 'Host',
  },
  {
    name: 'H9 a full URL as target',
    send: `GET http://evil/ HTTP/1.1\r\n${host}\r\n`,
    status: 400,
    code: 'invalid_target',
  },
  {
    name: 'H9 an asterisk as target',
    send: `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
    status: 400,
    code: 'invalid_target',
  },
  {
    name: 'H10 a header of 33 KB',
    send: `GET / HTTP/1.1\r\n${host}big: ${'x'.repeat(33 * 1024)}\r\n\r\n`,
    status: 431,
    code: 'header_too_large',
    says: '32768',
  },
  {
    name: 'H11 3,000 headers',
    send: `GET / HTTP/1.1\r\n${host}${'a: b\r\n'.repeat(3000)}\r\n`,
    status: 431,
    code: 'header_too_large',
    says: '32768',
  },
  {
    name: 'H11 500 headers',
    send: `GET / HTTP/1.1\r\n${host}${'a: b\r\n'.repeat(499)}\r\n`,
    status: 431,
    code: 'too_many_headers',
    says: '100',
  },
  {
    name: 'H11 101 headers',
    send: `GET / HTTP/1.1\r\n${host}${'a: b\r\n'.repeat(100)}\r\n`,
    status: 431,
    code: 'too_many_headers',
  },
  { name: 'H12 an unknown method', send: `FOO / HTTP/1.1\r\n${host}\r\n`, status: 400, code: 'bad_framing' },
  {
    name: 'H12 CONNECT',
    send: `CONNECT evil:443 HTTP/1.1\r\n${host}\r\n`,
    status: 405,
    code: 'method_not_allowed',
  },
  { name: 'H12 TRACE', send: `TRACE / HTTP/1.1\r\n${host}\r\n`, status: 405, code: 'method_not_allowed' },
  {
    name: 'H13 an HTTP/2 preface',
    send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    status: 400,
    code: 'bad_framing',
    says: 'use no http/2 prior knowledge',
  },
  {
    name: 'H13 a TLS hello',
    send: Buffer.from('16030100a5010000a10303', 'hex'),
    status: 400,
    code: 'bad_framing',
    says: 'this port speaks http/1.1 without tls',
  },
  {
    name: 'H16 a body announced too large',
    send: post(`Content-Length: ${limitBytes + 1}\r\n`),
    status: 413,
    code: 'body_too_large',
    says: `max_bytes = ${limitBytes}`,
  },
  {
    name: 'H16 a chunked body that grows too large',
    send: post('Transfer-Encoding: chunked\r\n', `2000\r\n${'x'.repeat(0x2000)}\r\n0\r\n\r\n`),
    status: 413,
    code: 'body_too_large',
    says: `max_bytes = ${limitBytes}`,
  },
  {
    name: 'H17 a body shorter than announced',
    send: post('Content-Length: 10\r\n', 'hello'),
    fin: true,
    status: 400,
    code: 'truncated_body',
  },
  {
    name: 'H17 a chunked body without its end',
    send: post('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n'),
    fin: true,
    status: 400,
    code: 'truncated_body',
  },
  {
    name: 'a head without its end',
    send: `GET / HTTP/1.1\r\nHos`,
    fin: true,
    status: 400,
    code: 'bad_framing',
  },
  {
    name: 'H18 a body that does not come',
    send: post('Content-Length: 100\r\n', 'x'),
    status: 408,
    code: 'body_timeout',
  },
  {
    name: 'H19 a head that does not end',
    send: 'POST /v1/responses HT',
    status: 408,
    code: 'headers_timeout',
  },
  {
    name: 'H20 an expectation that is not 100-continue',
    send: post('Expect: 200-ok\r\nContent-Length: 5\r\n', 'hello'),
    status: 417,
    code: 'unsupported_expectation',
  },
  {
    name: 'H28 an upgrade nobody serves',
    send: `GET / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: foo\r\n\r\n`,
    status: 400,
    code: 'unsupported_upgrade',
    says: 'foo',
  },
  {
    name: 'A6 two Authorization headers',
    send: `GET / HTTP/1.1\r\n${host}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`,
    status: 400,
    code: 'duplicate_credentials',
  },
  {
    name: 'POST on a plain route',
    send: `POST /health HTTP/1.1\r\n${host}\r\n`,
    status: 405,
    code: 'method_not_allowed',
  },
]

describe('a bad request', () => {
  it.each(rows)('$name is answered $status and the connection closed', async row => {
    const client = await RawClient.open(port)
    client.send(row.send)
    if (row.fin) client.socket.end()
    const answer = await client.untilClosed()
    client.close()
    expect(answer.status, answer.text).toBe(row.status)
    expect(answer.json?.error.code).toBe(row.code)
    expect(answer.json?.error.message.toLowerCase()).toContain((row.says ?? '').toLowerCase())
    expect(answer.text.toLowerCase()).toContain('connection: close')
    expect(answer.text.match(/HTTP\/1\.1 /g)).toHaveLength(
      answer.json?.error.message.includes('HTTP/1.1 ') ? 2 : 1,
    )
  })

  it('names the methods it allows when it refuses one', async () => {
    for (const method of ['CONNECT a:1', 'TRACE /', 'DELETE /health']) {
      const client = await RawClient.open(port)
      const answer = await client.send(`${method} HTTP/1.1\r\n${host}\r\n`).untilClosed()
      expect(answer.text).toMatch(/\r\nallow: GET/)
    }
  })

  it('H11 lets 100 header fields pass', async () => {
    const client = await RawClient.open(port)
    client.send(`GET /v1/models HTTP/1.1\r\n${host}${'a: b\r\n'.repeat(99)}\r\n`)
    const answer = await client.until(text => text.includes('}'))
    client.close()
    expect(answer.status).toBe(200)
  })

  it('H16 refuses an announced body before a byte of it was sent', async () => {
    const client = await RawClient.open(port)
    client.send(post('Content-Length: 900000000\r\n'))
    const answer = await client.until(text => text.includes('}}') || text.includes('request_id'))
    client.close()
    expect(answer.status).toBe(413)
  })

  it('H16 lets a client that goes on sending read why it was refused', async () => {
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

  it('H18 drops a body that drips below the least pace, however long it keeps dripping', async () => {
    const client = await RawClient.open(port)
    client.send(post('Content-Length: 100\r\n'))
    const drip = setInterval(() => client.send('x'), 20)
    const answer = await client.untilClosed()
    clearInterval(drip)
    client.close()
    expect(answer.json?.error.code).toBe('body_timeout')
  })

  it('H19 closes a connection that never says anything, without a word', async () => {
    const client = await RawClient.open(port)
    expect((await client.untilClosed()).text).toBe('')
  })

  it('H20 asks for the body only when the pipeline wants it', async () => {
    const welcome = await RawClient.open(port)
    welcome.send(post('Expect: 100-continue\r\nContent-Length: 5\r\n'))
    await welcome.until(text => text.includes('100 Continue'))
    const answer = await welcome.send('hello').until(text => text.includes('bytes'))
    expect(answer.text).toContain('{"bytes":5')
    welcome.close()

    const refused = await RawClient.open(port)
    refused.send(post('Authorization: Bearer bad\r\nExpect: 100-continue\r\nContent-Length: 5\r\n'))
    const refusal = await refused.untilClosed()
    expect(refusal.status).toBe(401)
    expect(refusal.text).not.toContain('100 Continue')
    refused.close()
  })

  it('H21 hands an encoded body over as it came', async () => {
    const packed = gzipSync(Buffer.alloc(100_000))
    const client = await RawClient.open(port)
    client.send(post(`Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n`)).send(packed)
    const answer = await client.until(text => text.includes('bytes'))
    client.close()
    expect(answer.text).toContain(`{"bytes":${packed.length}`)
  })

  it('reaches the pipeline with none of the heads it refuses', async () => {
    const before = handled
    for (const row of rows.filter(row => /^H(1|2|7|8|9|1[0-3]|20|28) |^A6 /.test(row.name))) {
      const client = await RawClient.open(port)
      await client.send(row.send).untilClosed()
      client.close()
    }
    expect(handled).toBe(before)
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
