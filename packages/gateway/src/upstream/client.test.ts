import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { HeaderList } from '../wire/header-list.ts'
import type {
  Upstream,
  UpstreamExchange,
  UpstreamFault,
  UpstreamRequest,
  UpstreamTarget,
} from '../wire/upstream.ts'
import { createUpstream, type UpstreamOptions } from './client.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function client(options: UpstreamOptions = {}): Upstream {
  const upstream = createUpstream(options)
  closers.push(() => void upstream.close())
  return upstream
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** An upstream that answers as told. */
function http(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  return listen(createServer(handle))
}

/** An upstream that answers the first request with raw bytes. */
function raw(bytes: string | Buffer, options: { readonly keepOpen?: boolean } = {}): Promise<number> {
  return listen(
    createNetServer(socket =>
      socket.once('data', () => (options.keepOpen ? socket.write(bytes) : socket.end(bytes))),
    ),
  )
}

function targetOf(port: number, options: Partial<UpstreamTarget> = {}): UpstreamTarget {
  return {
    accountId: 'one',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    headers: [['authorization', 'Bearer sk-secret-account']],
    headersTimeoutMs: 5000,
    idleTimeoutMs: 5000,
    allowPrivate: true,
    ...options,
  }
}

interface Heard {
  status: number | undefined
  headers: HeaderList
  body: string
  ended: boolean
  fault: UpstreamFault | undefined
  requestSent: boolean | undefined
  /** Everything in the order it was heard. */
  events: string[]
}

/** Sends and listens; `done` resolves at the end or the fault. */
function send(upstream: Upstream, target: UpstreamTarget, request: Partial<UpstreamRequest> = {}) {
  const heard: Heard = {
    status: undefined,
    headers: [],
    body: '',
    ended: false,
    fault: undefined,
    requestSent: undefined,
    events: [],
  }
  const { promise: done, resolve } = Promise.withResolvers<Heard>()
  const headed = Promise.withResolvers<void>()
  const exchange = upstream.send(
    { target, method: 'POST', path: '/responses', headers: [], body: null, ...request },
    {
      head(status, headers) {
        Object.assign(heard, { status, headers })
        heard.events.push('head')
        headed.resolve()
      },
      data(chunk) {
        heard.body += Buffer.from(chunk).toString()
        heard.events.push('data')
      },
      end() {
        heard.ended = true
        heard.events.push('end')
        resolve(heard)
      },
      fault(fault, { requestSent }) {
        Object.assign(heard, { fault, requestSent })
        heard.events.push('fault')
        resolve(heard)
      },
    },
  )
  return { exchange, done, heard, headed: headed.promise }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

async function body(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

describe('a request', () => {
  it('goes to the base URL with the headers of both, and its body with a length', async () => {
    let seen: { url?: string | undefined; headers: IncomingMessage['headers']; body: string } | undefined
    const port = await http(async (request, response) => {
      seen = { url: request.url, headers: request.headers, body: await body(request) }
      response.end('{}')
    })
    const { done } = send(client(), targetOf(port), {
      path: '/responses?x=1',
      headers: [['content-type', 'application/json']],
      body: Buffer.from('{"a":1}'),
    })
    expect((await done).ended).toBe(true)
    expect(seen).toMatchObject({ url: '/v1/responses?x=1', body: '{"a":1}' })
    expect(seen?.headers).toMatchObject({
      authorization: 'Bearer sk-secret-account',
      'content-type': 'application/json',
      'content-length': '7',
      host: `127.0.0.1:${port}`,
    })
  })

  it.each([10, 200_000])('sends a body in three pieces of %i bytes as one', async size => {
    const port = await http(async (request, response) => {
      const text = await body(request)
      response.end(
        `${request.headers['content-length']} ${request.headers['transfer-encoding']} ${text.length}`,
      )
    })
    const pieces = ['a', 'b', 'c'].map(letter => Buffer.alloc(size, letter))
    const { done } = send(client(), targetOf(port), { body: pieces })
    expect((await done).body).toBe(`${3 * size} undefined ${3 * size}`)
  })

  it('with a header that would split it is refused before anything is sent', async () => {
    const port = await http((_request, response) => response.end())
    const { done } = send(client(), targetOf(port), { headers: [['x', 'a\r\nevil: b']] })
    const { fault, requestSent } = await done
    expect(fault?.kind).toBe('protocol')
    expect(requestSent).toBe(false)
  })
})

describe('an answer', () => {
  it('is heard as head, data, end, with repeated header fields kept', async () => {
    const port = await http((_request, response) => {
      response.writeHead(200, ['Set-Cookie', 'a=1', 'X-Request-Id', 'r', 'Set-Cookie', 'b=2'])
      response.write('one')
      setImmediate(() => response.end('two'))
    })
    const { done } = send(client(), targetOf(port))
    const { status, headers, body, events } = await done
    expect(status).toBe(200)
    expect(headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value)).toEqual([
      'a=1',
      'b=2',
    ])
    expect(headers).toContainEqual(['x-request-id', 'r'])
    expect(body).toBe('onetwo')
    expect(events[0]).toBe('head')
    expect(events.at(-1)).toBe('end')
  })

  it('is not followed elsewhere', async () => {
    let requests = 0
    const port = await http((_request, response) => {
      requests++
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    })
    expect((await send(client(), targetOf(port)).done).status).toBe(302)
    expect(requests).toBe(1)
  })

  it('is not decoded', async () => {
    const packed = gzipSync('x'.repeat(1000))
    const port = await http((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    })
    const heard = await send(client(), targetOf(port)).done
    expect(heard.body).not.toContain('xxx')
    expect(heard.headers).toContainEqual(['content-encoding', 'gzip'])
  })

  it('begins after early hints', async () => {
    const port = await raw(
      'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    )
    const { status, events } = await send(client(), targetOf(port)).done
    expect(status).toBe(200)
    expect(events).toEqual(['head', 'data', 'end'])
  })
})

describe('a fault', () => {
  const target = (port: number) => targetOf(port, { headersTimeoutMs: 100, idleTimeoutMs: 100 })

  it('is connect, with nothing sent, when nobody listens', async () => {
    const port = await http(() => {})
    for (const close of closers.splice(0)) await close()
    const { fault, requestSent, events } = await send(client(), targetOf(port)).done
    expect(fault).toEqual({ kind: 'connect', detail: 'ECONNREFUSED' })
    expect(requestSent).toBe(false)
    expect(events).toEqual(['fault'])
  })

  it('is connect when the name does not resolve', async () => {
    const resolve: UpstreamOptions['resolve'] = (_host, callback) =>
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.test'), { code: 'ENOTFOUND' }), [])
    const nowhere = targetOf(1, { baseUrl: 'http://nowhere.test/v1' })
    const { fault } = await send(client({ resolve }), nowhere).done
    expect(fault).toEqual({ kind: 'connect', detail: 'ENOTFOUND' })
  })

  it('is headers_timeout when the head does not come', async () => {
    const port = await http(() => {})
    const { fault, requestSent } = await send(client(), target(port)).done
    expect(fault).toEqual({ kind: 'headers_timeout' })
    expect(requestSent).toBe(true)
  })

  it('is headers_timeout, with nothing sent, when no socket becomes free in time', async () => {
    const port = await http((_request, response) => response.writeHead(200).flushHeaders())
    const upstream = client({ connectionsPerAccount: 1 })
    await send(upstream, targetOf(port)).headed
    const { fault, requestSent } = await send(upstream, target(port)).done
    expect(fault).toEqual({ kind: 'headers_timeout' })
    expect(requestSent).toBe(false)
  })

  it('is idle_timeout when the body falls silent', async () => {
    const port = await http((_request, response) => response.write('first'))
    const { fault, body, events } = await send(client(), target(port)).done
    expect(fault).toEqual({ kind: 'idle_timeout' })
    expect(body).toBe('first')
    expect(events.filter(event => event === 'fault')).toHaveLength(1)
  })

  it('is closed when the upstream hangs up without an answer', async () => {
    const port = await raw('')
    const { fault, requestSent } = await send(client(), targetOf(port)).done
    expect(fault?.kind).toBe('closed')
    expect(requestSent).toBe(true)
  })

  it('is closed when the upstream resets', async () => {
    const port = await listen(createNetServer(socket => socket.once('data', () => socket.resetAndDestroy())))
    expect((await send(client(), targetOf(port)).done).fault).toMatchObject({ kind: 'closed' })
  })

  it.each([
    ['by length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'],
    ['by length, close announced', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100\r\n\r\nhalf'],
    ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    [
      'in chunks, close announced',
      'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    ],
  ])('is closed when a body %s is cut', async (_name, bytes) => {
    const { fault, events } = await send(client(), targetOf(await raw(bytes))).done
    expect(fault?.kind).toBe('closed')
    expect(events).toEqual(['head', 'data', 'fault'])
  })

  it.each([
    ['nonsense', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
    [
      'length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a bad chunk size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
    ['a head of 65 KiB', `HTTP/1.1 200 OK\r\nbig: ${'x'.repeat(65 * 1024)}\r\n\r\n`],
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    ],
  ])('is protocol for %s', async (_name, bytes) => {
    const port = await raw(bytes, { keepOpen: true })
    const { fault } = await send(client(), targetOf(port)).done
    expect(fault?.kind).toBe('protocol')
  })

  it('is tls when the upstream speaks none', async () => {
    const port = await raw('HTTP/1.1 400 Bad Request\r\n\r\n')
    const { fault } = await send(client(), targetOf(port, { baseUrl: `https://127.0.0.1:${port}` })).done
    expect(fault?.kind).toBe('tls')
  })

  it('never tells the credential, the query or the URL', async () => {
    const faults = [
      send(client(), targetOf(await raw('')), { path: '/x?api-key=sk-query-secret' }),
      send(client(), targetOf(1), { path: '/x?api-key=sk-query-secret' }),
      send(client(), targetOf(await raw('nonsense\r\n\r\n')), { path: '/x?api-key=sk-query-secret' }),
      send(client(), targetOf(1), { headers: [['x', 'sk-query-secret\r\n']] }),
    ]
    for (const { done } of faults) {
      const text = JSON.stringify((await done).fault)
      expect(text).not.toMatch(/secret|api-key|http:/)
    }
  })
})

describe('any bytes at all', () => {
  it('are heard as at most one head, and exactly one end or fault', async () => {
    let answer = ''
    const port = await listen(
      createNetServer(socket => socket.once('data', () => socket.end(Buffer.from(answer, 'latin1')))),
    )
    const upstream = client()
    const pieces = fc.constantFrom(
      ...[
        'HTTP/1.1 200 OK\r\n',
        'HTTP/1.1 100 Continue\r\n\r\n',
        'HTTP/1.1 204 No Content\r\n',
        'HTTP/1.0 200 OK\r\n',
      ],
      ...['\r\n', '\n', 'content-length: 5\r\n', 'transfer-encoding: chunked\r\n', 'connection: close\r\n'],
      ...[
        'content-encoding: gzip\r\n',
        '5\r\nhello\r\n',
        '0\r\n\r\n',
        'hello',
        '__proto__: x\r\n',
        'x: \u0001\r\n',
      ],
    )
    const message = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 10 })), {
      maxLength: 10,
    })
    await fc.assert(
      fc.asyncProperty(message, async parts => {
        answer = parts.join('')
        const { events } = await send(upstream, targetOf(port)).done
        await nextTurn()
        expect(events.filter(event => event === 'end' || event === 'fault')).toHaveLength(1)
        expect(events.filter(event => event === 'head').length).toBeLessThanOrEqual(1)
        expect(events.at(-1)).toMatch(/end|fault/)
      }),
      { numRuns: 150 },
    )
  })
})

describe('abort', () => {
  /** An upstream that says when a request came and when its socket closed. */
  async function watched(answer: (socket: Socket) => void) {
    const came = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    const port = await listen(
      createNetServer(socket => {
        socket.once('data', () => {
          answer(socket)
          came.resolve()
        })
        socket.on('close', () => closed.resolve())
      }),
    )
    return { port, came: came.promise, closed: closed.promise }
  }

  it('before the head closes the socket, and the listener hears nothing', async () => {
    const { port, came, closed } = await watched(() => {})
    const { exchange, heard } = send(client(), targetOf(port))
    await came
    exchange.abort()
    await closed
    expect(heard.events).toEqual([])
  })

  it('in the midst of a body closes the socket, and the listener hears no more', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'
    const { port, closed } = await watched(socket => socket.write(head))
    const { exchange, heard, headed } = send(client(), targetOf(port))
    await headed
    await nextTurn()
    exchange.abort()
    exchange.abort()
    await closed
    expect(heard.events).toEqual(['head', 'data'])
  })

  it('while it waits for a socket keeps the request from being sent', async () => {
    let requests = 0
    const port = await http((_request, response) => {
      requests++
      if (requests === 1) response.writeHead(200).flushHeaders()
      else response.end('ok')
    })
    const upstream = client({ connectionsPerAccount: 1 })
    const first = send(upstream, targetOf(port))
    await first.headed
    const second = send(upstream, targetOf(port))
    second.exchange.abort()
    first.exchange.abort()
    expect((await send(upstream, targetOf(port)).done).ended).toBe(true)
    expect(requests).toBe(2)
    expect(second.heard.events).toEqual([])
  })

  it('from within the listener is the last thing it hears of', async () => {
    const port = await http((_request, response) => response.end('x'.repeat(1_000_000)))
    const upstream = client()
    let chunks = 0
    let exchange: UpstreamExchange | undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    const request = { target: targetOf(port), method: 'GET', path: '/', headers: [], body: null }
    exchange = upstream.send(request, {
      head() {},
      data() {
        chunks++
        exchange?.abort()
        resolve()
      },
      end: () => expect.unreachable(),
      fault: () => expect.unreachable(),
    })
    await promise
    await nextTurn()
    expect(chunks).toBe(1)
  })
})

describe('backpressure', () => {
  it('holds the upstream back while paused, without an idle timeout, and goes on after', async () => {
    const total = 64 * 1024 * 1024
    let written = 0
    let stuck = Promise.withResolvers<void>()
    const port = await http((_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024)
      const push = (): void => {
        while (written < total) {
          written += chunk.length
          if (!response.write(chunk)) {
            stuck.resolve()
            response.once('drain', push)
            return
          }
        }
        response.end()
      }
      push()
    })
    let received = 0
    const { promise: done, resolve } = Promise.withResolvers<string>()
    const request = {
      target: targetOf(port, { idleTimeoutMs: 50 }),
      method: 'GET',
      path: '/',
      headers: [],
      body: null,
    }
    const exchange = client().send(request, {
      head: () => exchange.pause(),
      data(chunk) {
        received += chunk.length
      },
      end: () => resolve('end'),
      fault: fault => resolve(fault.kind),
    })
    await stuck.promise
    await new Promise(wake => setTimeout(wake, 150))
    expect(received).toBeLessThan(1024 * 1024)
    expect(written).toBeLessThan(total)
    stuck = Promise.withResolvers()
    exchange.resume()
    expect(await done).toBe('end')
    expect(received).toBe(total)
  })
})

describe('sockets', () => {
  /** Counts connections and answers `ok`. */
  async function counting() {
    const connections: Socket[] = []
    const server = createServer((_request, response) => response.end('ok'))
    server.on('connection', socket => connections.push(socket))
    return { port: await listen(server), connections }
  }

  it('are used again by the same account and never by another', async () => {
    const { port, connections } = await counting()
    const upstream = client()
    for (let i = 0; i < 3; i++) {
      await send(upstream, targetOf(port)).done
      // A socket is free again one turn after its answer, when nothing more has come on it.
      await nextTurn()
    }
    expect(connections).toHaveLength(1)
    await send(upstream, targetOf(port, { accountId: 'two' })).done
    expect(connections).toHaveLength(2)
  })

  it('are given up when bytes come after the end of an answer', async () => {
    let connections = 0
    const port = await listen(
      createNetServer(socket => {
        connections++
        const good = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
        const smuggled = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'
        socket.on('data', () => socket.write(good + smuggled))
      }),
    )
    const upstream = client()
    for (let i = 0; i < 3; i++) expect((await send(upstream, targetOf(port)).done).body).toBe('ok')
    expect(connections).toBe(3)
  })

  it('are at most as many as allowed; the next request waits for one', async () => {
    const { port, connections } = await counting()
    const upstream = client({ connectionsPerAccount: 2 })
    await Promise.all(Array.from({ length: 8 }, () => send(upstream, targetOf(port)).done))
    expect(connections.length).toBeLessThanOrEqual(2)
  })

  it('of a removed account are closed when idle and live on when busy', async () => {
    const { port, connections } = await counting()
    const slow = await http((_request, response) => {
      response.write('a')
      release = () => response.end('b')
    })
    let release = (): void => {}
    const upstream = client()
    await send(upstream, targetOf(port)).done
    const busy = send(upstream, targetOf(slow, { accountId: 'busy' }))
    await busy.headed
    const closed = once(connections[0]!, 'close')
    upstream.retain(new Set(['another']))
    await closed
    release()
    expect((await busy.done).body).toBe('ab')
  })

  it('follow an account to a new base URL', async () => {
    const [before, after] = [await counting(), await counting()]
    const upstream = client()
    await send(upstream, targetOf(before.port)).done
    await send(upstream, targetOf(after.port)).done
    expect(after.connections).toHaveLength(1)
  })

  it('are closed by close, which waits for what is running and refuses what comes', async () => {
    const { port, connections } = await counting()
    const upstream = client()
    await send(upstream, targetOf(port)).done
    const closed = once(connections[0]!, 'close')
    await upstream.close()
    await closed
    const { fault, requestSent } = await send(upstream, targetOf(port)).done
    expect(fault?.kind).toBe('connect')
    expect(requestSent).toBe(false)
  })
})

describe('close', () => {
  it('does not wait for a connection that is still being made for a request given up', async () => {
    const resolve: UpstreamOptions['resolve'] = () => {}
    const upstream = client({ resolve, connectTimeoutMs: 60_000 })
    const { exchange } = send(upstream, targetOf(1, { baseUrl: 'http://silent.test' }))
    exchange.abort()
    await upstream.close()
  })

  it('waits for what is running', async () => {
    let finish = (): void => {}
    const port = await http((_request, response) => {
      response.write('a')
      finish = () => response.end('b')
    })
    const upstream = client()
    const running = send(upstream, targetOf(port))
    await running.headed
    let closed = false
    const closing = upstream.close({ timeoutMs: 60_000 }).then(() => {
      closed = true
    })
    await nextTurn()
    expect(closed).toBe(false)
    finish()
    await closing
    expect(running.heard).toMatchObject({ body: 'ab', ended: true })
  })

  it.each([
    ['at once without a time to wait', undefined],
    ['when the time is over', { timeoutMs: 10 }],
  ])('ends what still runs %s, and says so to its listener', async (_name, options) => {
    const port = await http((_request, response) => void response.write('a'))
    const upstream = client()
    const running = send(upstream, targetOf(port))
    await running.headed
    await upstream.close(options)
    expect((await running.done).fault).toMatchObject({ kind: 'closed' })
  })

  it('is forced by a second call with a shorter time', async () => {
    const port = await http((_request, response) => void response.write('a'))
    const upstream = client()
    const running = send(upstream, targetOf(port))
    await running.headed
    const patient = upstream.close({ timeoutMs: 60_000 })
    await upstream.close({ timeoutMs: 0 })
    await patient
    expect((await running.done).fault).toMatchObject({ kind: 'closed' })
  })
})

describe('an internal address', () => {
  /** Counts whoever connects. */
  async function canary() {
    let connections = 0
    const port = await listen(createNetServer(() => connections++))
    return { port, connections: () => connections }
  }

  const literals = [
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0.0.0.0',
    'localhost',
    'localhost.',
    '[::ffff:7f00:1]',
  ]
  it.each(literals)('is not connected to when the URL says %s', async host => {
    const { port, connections } = await canary()
    const target = targetOf(port, { baseUrl: `http://${host}:${port}`, allowPrivate: false })
    const { fault, requestSent } = await send(client(), target).done
    expect(fault).toMatchObject({ kind: 'connect', detail: expect.stringMatching(/allowPrivate|ENOTFOUND/) })
    expect(requestSent).toBe(false)
    expect(connections()).toBe(0)
  })

  it('is not connected to when a name answers with it the second time', async () => {
    const { port, connections } = await canary()
    let asked = 0
    const resolve: UpstreamOptions['resolve'] = (_host, callback) => {
      asked++
      callback(null, [{ address: asked === 1 ? '192.0.2.1' : '127.0.0.1', family: 4 }])
    }
    const upstream = client({ resolve })
    const target = targetOf(port, { baseUrl: `http://rebind.test:${port}`, allowPrivate: false })
    for (let i = 0; i < 3; i++) expect((await send(upstream, target).done).fault?.kind).toBe('connect')
    expect(connections()).toBe(0)
  })

  it('is dropped from among the addresses of a name', async () => {
    const { port, connections } = await canary()
    const resolve: UpstreamOptions['resolve'] = (_host, callback) =>
      callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '::ffff:127.0.0.1', family: 6 },
      ])
    const target = targetOf(port, { baseUrl: `http://mixed.test:${port}`, allowPrivate: false })
    await send(client({ resolve }), target).done
    expect(connections()).toBe(0)
  })

  it('is connected to when the account allows it', async () => {
    const port = await http((_request, response) => response.end('ok'))
    const target = targetOf(port, { baseUrl: `http://localhost:${port}/v1` })
    expect((await send(client(), target).done).body).toBe('ok')
  })
})
