import type { Socket } from 'node:net'
import { createManualClock, type ManualClock } from '@headgate/scheduler/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { RawClient } from '../../test/sockets/raw-client.ts'
import type { Inbound, Outbound } from '../proxy/exchange.ts'
import { nodeClock } from '../runtime/clock.ts'
import { type Log, silentLog } from '../runtime/log.ts'
import { createHttpServer, type HttpServer, type HttpServerOptions, type Mount } from './server.ts'

type Handle = HttpServerOptions['handle']

const servers: HttpServer[] = []
const clients: RawClient[] = []

async function start(handle: Handle, options: Partial<HttpServerOptions> = {}): Promise<number> {
  const server = createHttpServer({ handle, log: silentLog, clock: nodeClock, ...options })
  servers.push(server)
  return (await server.listen({ host: '127.0.0.1', port: 0 })).port
}

async function open(port: number): Promise<RawClient> {
  const client = await RawClient.open(port)
  clients.push(client)
  return client
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const server of servers.splice(0)) await server.drain({ timeoutMs: 0 })
})

const get = 'GET /v1/models HTTP/1.1\r\nHost: g\r\n\r\n'
const post = (body: string): string =>
  `POST /v1/responses HTTP/1.1\r\nHost: g\r\nContent-Length: ${body.length}\r\n\r\n${body}`

const answer = (outbound: Outbound, text: string): void => {
  outbound.begin(200, [['content-length', String(text.length)]])
  outbound.write(Buffer.from(text))
  outbound.end()
}

/** A handler under the test's control, one request at a time. */
function controlled() {
  let arrive: (exchange: { inbound: Inbound; outbound: Outbound }) => void
  const arrived = new Promise<{ inbound: Inbound; outbound: Outbound }>(resolve => {
    arrive = resolve
  })
  let finish = (): void => {}
  const handle: Handle = (inbound, outbound) => {
    arrive({ inbound, outbound })
    return new Promise<void>(resolve => {
      finish = resolve
    })
  }
  return { handle, arrived, finish: () => finish() }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise(resolve => {
    if (signal.aborted) resolve(signal.reason)
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
  })

describe('the head', () => {
  it('arrives with names in lower case, duplicates and order kept, and the target as it came', async () => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.send('GET /v1//a/../%2e?x=%00 HTTP/1.1\r\nHost: g\r\nX-A: 1\r\nx-b: 2\r\nX-A: 3\r\n\r\n')
    const { inbound } = await arrived
    expect(inbound.target).toBe('/v1//a/../%2e?x=%00')
    expect(inbound.headers).toEqual([
      ['host', 'g'],
      ['x-a', '1'],
      ['x-b', '2'],
      ['x-a', '3'],
    ])
    expect(inbound.remoteAddress).toBe('127.0.0.1')
  })

  it('takes __proto__ for a header like any other', async () => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.send('GET / HTTP/1.1\r\nHost: g\r\n__proto__: x\r\n\r\n')
    expect((await arrived).inbound.headers).toContainEqual(['__proto__', 'x'])
  })

  it('is sent at once when no body byte follows it', async () => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.send(get)
    const { outbound } = await arrived
    outbound.begin(200, [['content-type', 'text/event-stream']])
    const { text } = await client.until(got => got.includes('\r\n\r\n'))
    expect(text).toContain('text/event-stream')
  })

  it('leaves out a field that would split it', async () => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.send(get)
    const { outbound } = await arrived
    outbound.begin(200, [
      ['x-good', 'yes'],
      ['x-bad', 'a\r\nset-cookie: b'],
      ['bad name', 'c'],
      ['content-length', '0'],
    ])
    outbound.end()
    const { text } = await client.until(got => got.includes('\r\n\r\n'))
    expect(text).toContain('x-good: yes')
    expect(text).not.toContain('set-cookie')
    expect(text).not.toContain('bad name')
  })

  it('answers HEAD with the length and without the body', async () => {
    const port = await start(async (_inbound, outbound) => answer(outbound, 'hello'))
    const client = await open(port)
    client.send(`HEAD /v1/models HTTP/1.1\r\nHost: g\r\n\r\n${get}`)
    const { text } = await client.until(got => got.endsWith('hello'))
    expect(text.match(/hello/g)).toHaveLength(1)
    expect(text.match(/content-length: 5/g)).toHaveLength(2)
  })
})

describe('a client that leaves', () => {
  const ways: [string, (client: RawClient) => void][] = [
    ['RST', client => client.socket.resetAndDestroy()],
    ['FIN', client => client.socket.end()],
    ['close', client => client.socket.destroy()],
  ]

  it.each(ways)('aborts the signal while it waits for an answer (%s)', async (_name, leave) => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.send(post('{}'))
    const { inbound, outbound } = await arrived
    await inbound.readBody(10)
    leave(client)
    expect(await aborted(inbound.signal)).toMatchObject({ name: 'AbortError' })
    outbound.begin(200, [])
    expect(outbound.write(Buffer.from('x'))).toBe(true)
    outbound.end()
  })

  it.each(ways)('aborts the signal in the midst of a stream (%s)', async (_name, leave) => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.send(get)
    const { inbound, outbound } = await arrived
    outbound.begin(200, [])
    outbound.write(Buffer.from('first'))
    await client.until(text => text.includes('first'))
    leave(client)
    await aborted(inbound.signal)
  })

  it.each(ways)('aborts the signal while its reader is stalled (%s)', async (_name, leave) => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.socket.pause()
    client.send(get)
    const { inbound, outbound } = await arrived
    outbound.begin(200, [])
    outbound.write(Buffer.alloc(32 * 1024 * 1024))
    leave(client)
    await aborted(inbound.signal)
  })

  it('rejects the body it did not send to the end with the reason of the signal (RST)', async () => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.send('POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nabc')
    const { inbound } = await arrived
    const body = inbound.readBody(10)
    client.socket.resetAndDestroy()
    await expect(body).rejects.toMatchObject({ name: 'AbortError' })
    await expect(inbound.readBody(10)).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('shows a signal that is aborted already to whoever asks late', async () => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.send(get)
    const { inbound, outbound } = await arrived
    client.close()
    outbound.begin(200, [])
    // Writes go nowhere until the departure is seen; then they say so no longer.
    while (!outbound.write(Buffer.from('x'))) await new Promise(setImmediate)
    await aborted(inbound.signal)
    expect(inbound.signal.aborted).toBe(true)
  })

  it('is no departure once its answer is complete', async () => {
    const { handle, arrived, finish } = controlled()
    const client = await open(await start(handle))
    client.send(get)
    const { inbound, outbound } = await arrived
    const { signal } = inbound
    answer(outbound, 'done')
    finish()
    await client.until(text => text.includes('done'))
    client.socket.end()
    await client.untilClosed()
    expect(signal.aborted).toBe(false)
  })

  it('aborts every pipelined request it had sent', async () => {
    const signals: AbortSignal[] = []
    const { promise: all, resolve } = Promise.withResolvers<void>()
    const port = await start(inbound => {
      signals.push(inbound.signal)
      if (signals.length === 3) resolve()
      return new Promise(() => {})
    })
    const client = await open(port)
    client.send(get.repeat(3))
    await all
    client.socket.resetAndDestroy()
    await Promise.all(signals.map(aborted))
  })
})

describe('a slow reader', () => {
  it('holds the stream back and is told when to go on', async () => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.socket.pause()
    client.send(get)
    const { outbound } = await arrived
    outbound.begin(200, [])
    const drained = new Promise<void>(resolve => outbound.onDrain(resolve))
    expect(outbound.write(Buffer.alloc(32 * 1024 * 1024))).toBe(false)
    client.socket.resume()
    await drained
    expect(outbound.write(Buffer.from('more'))).toBe(true)
  })

  /** A stream that is far ahead of its reader: more waits than the kernel's buffers take. */
  async function stalled(clock: ManualClock, bytes = 32 * 1024 * 1024) {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle, { clock, limits: { stalledReaderMs: 1000 } }))
    client.socket.pause()
    client.send(get)
    const { inbound, outbound } = await arrived
    outbound.begin(200, [])
    outbound.write(Buffer.alloc(bytes))
    return { client, signal: inbound.signal }
  }

  it('is cut off when it takes nothing for the whole stall time', async () => {
    const clock = createManualClock()
    const { signal } = await stalled(clock)
    while (!signal.aborted) {
      clock.advance(1000)
      await nextTurn()
    }
  })

  it('is cut off although it keeps sending', async () => {
    const clock = createManualClock()
    const { client, signal } = await stalled(clock)
    while (!signal.aborted) {
      client.send('GET / HTTP/1.1\r\nHost: g\r\n\r\n')
      clock.advance(1000)
      await nextTurn()
    }
  })

  it('lives as long as it takes something in every stall time', async () => {
    const clock = createManualClock()
    const { client, signal } = await stalled(clock, 64 * 1024 * 1024)
    client.socket.removeAllListeners('data')
    for (let i = 0; i < 3; i++) {
      // More than both kernels' buffers hold, so that the server has to write.
      await take(client, 16 * 1024 * 1024)
      clock.advance(1000)
      expect(signal.aborted).toBe(false)
    }
  })

  async function take(client: RawClient, bytes: number): Promise<void> {
    client.socket.resume()
    while (bytes > 0) {
      bytes -= await new Promise<number>(resolve =>
        client.socket.once('data', chunk => resolve(chunk.length)),
      )
    }
    client.socket.pause()
  }
})

describe('a broken answer', () => {
  it('reaches the client as a cut, not as an end', async () => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    client.send(get)
    const { outbound } = await arrived
    outbound.begin(200, [])
    outbound.write(Buffer.from('half'))
    await client.until(text => text.includes('half'))
    outbound.destroy()
    const { text } = await client.untilClosed()
    expect(text).not.toContain('\r\n0\r\n')
  })

  it('resets an HTTP/1.0 connection, where a close would mean success', async () => {
    const { handle, arrived } = controlled()
    const client = await open(await start(handle))
    const reset = new Promise<NodeJS.ErrnoException>(resolve => client.socket.on('error', resolve))
    client.send('GET / HTTP/1.0\r\n\r\n')
    const { outbound } = await arrived
    outbound.begin(200, [])
    outbound.write(Buffer.from('half'))
    await client.until(text => text.includes('half'))
    outbound.destroy()
    expect((await reset).code).toBe('ECONNRESET')
  })

  it('becomes a 500 when the pipeline throws before it began', async () => {
    const lines: unknown[] = []
    const log: Log = { ...silentLog, error: fields => lines.push(fields) }
    const port = await start(() => Promise.reject(new Error('boom')), { log })
    const client = await open(port)
    const got = await client.send(get).untilClosed()
    expect(got.json?.error.code).toBe('internal_error')
    expect(got.text).not.toContain('boom')
    expect(lines).toHaveLength(1)
  })

  it('becomes a cut when the pipeline throws after it began', async () => {
    const port = await start(async (_inbound, outbound) => {
      outbound.begin(200, [])
      outbound.write(Buffer.from('half'))
      throw new Error('boom')
    })
    const client = await open(port)
    const { text } = await client.send(get).untilClosed()
    expect(text).not.toContain('\r\n0\r\n')
  })

  it.each([
    ['is no HTTP', 'GARBAGE\r\n\r\n', 400],
    ['has no host', 'GET /v1/models HTTP/1.1\r\n\r\n', 400],
    ['asks for a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['nobody answers', get, 500],
  ])('can be found in the log by the id its client was told when it %s', async (_what, bytes, status) => {
    const lines: Record<string, unknown>[] = []
    const note: Log['info'] = fields => lines.push(fields)
    const port = await start(async () => {}, { log: { ...silentLog, info: note, error: note } })
    const got = await (await open(port)).send(bytes).untilClosed()
    expect(got.status).toBe(status)
    expect(lines.map(line => line['requestId'])).toEqual([got.json?.request_id])
  })

  it('becomes a 500 when the pipeline forgets to answer', async () => {
    const port = await start(async () => {})
    const client = await open(port)
    expect((await client.send(get).untilClosed()).status).toBe(500)
  })
})

describe('a body that is counted as it comes', () => {
  it('is not kept beyond what its reader allows', async () => {
    const counted: number[] = []
    const port = await start(async (inbound, outbound) => {
      const read = inbound.readBody(100, bytes => {
        counted.push(bytes)
        if (counted.length > 1) throw new Error('enough')
      })
      answer(outbound, await read.then(String, ({ message }) => message))
    })
    const client = await open(port)
    client.send('POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n')
    expect((await client.until(text => text.includes('enough'))).text).toContain('enough')
    expect(counted).toEqual([3, 2])
  })
})

describe('a connection', () => {
  it('serves one request after the other without growing listeners', async () => {
    const counts: number[] = []
    const port = await start(async (inbound, outbound) => {
      await inbound.readBody(100)
      answer(outbound, 'done')
    })
    const client = await open(port)
    for (let i = 1; i <= 30; i++) {
      await client.send(post('{}')).until(text => (text.match(/done/g)?.length ?? 0) >= i)
      counts.push(listeners())
    }
    expect(counts[29]).toBe(counts[2])

    function listeners(): number {
      const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles()
      const server = handles.find(
        (one): one is Socket => (one as Socket).localPort === port && (one as Socket).remotePort !== port,
      )
      return server!.eventNames().reduce((sum, name) => sum + server!.listenerCount(name), 0)
    }
  })

  it('answers pipelined requests in their order', async () => {
    const outbounds: Outbound[] = []
    const { promise: all, resolve } = Promise.withResolvers<void>()
    const port = await start((_inbound, outbound) => {
      outbounds.push(outbound)
      if (outbounds.length === 3) resolve()
      return new Promise(() => {})
    })
    const client = await open(port)
    client.send(get.repeat(3))
    await all
    answer(outbounds[2]!, 'third')
    answer(outbounds[1]!, 'second')
    answer(outbounds[0]!, 'first')
    const { text } = await client.until(got => got.includes('third'))
    expect(text.indexOf('first')).toBeLessThan(text.indexOf('second'))
    expect(text.indexOf('second')).toBeLessThan(text.indexOf('third'))
  })

  it('takes 16 pipelined requests, answers them, and closes', async () => {
    let handled = 0
    const port = await start(async (_inbound, outbound) => {
      handled++
      await new Promise(setImmediate)
      answer(outbound, 'done')
    })
    const client = await open(port)
    const { text } = await client.send(get.repeat(1000)).untilClosed()
    expect(handled).toBe(16)
    expect(text.match(/done/g)).toHaveLength(16)
  })
})

describe('plain routes', () => {
  it('are answered beside the pipeline, query and all', async () => {
    let handled = 0
    const port = await start(async () => void handled++, {
      plainRoutes: {
        '/health': ({ target }) => ({ status: 200, headers: [['content-type', 'text/plain']], body: target }),
      },
    })
    const client = await open(port)
    const got = await client
      .send('GET /health?full=1 HTTP/1.1\r\nHost: g\r\n\r\n')
      .until(text => text.includes('full'))
    expect(got.status).toBe(200)
    expect(handled).toBe(0)
  })

  it('become a 500 when they fail', async () => {
    const port = await start(async () => {}, {
      plainRoutes: { '/metrics': () => Promise.reject(new Error('no')) },
    })
    const client = await open(port)
    expect((await client.send('GET /metrics HTTP/1.1\r\nHost: g\r\n\r\n').untilClosed()).status).toBe(500)
  })
})

describe('listening', () => {
  it('says which port is taken and what to do', async () => {
    const port = await start(async () => {})
    const second = createHttpServer({ handle: async () => {}, log: silentLog, clock: nodeClock })
    await expect(second.listen({ host: '127.0.0.1', port })).rejects.toThrow(
      new RegExp(`${port} is in use.*another port`),
    )
  })

  it('says so when the host is no address of this machine', async () => {
    const server = createHttpServer({ handle: async () => {}, log: silentLog, clock: nodeClock })
    await expect(server.listen({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: expect.stringContaining('192.0.2.1:0 is not an address of this machine'),
    })
  })
})

describe('draining', () => {
  it('waits for running exchanges, then closes their connections', async () => {
    const { handle, arrived, finish } = controlled()
    const client = await open(await start(handle))
    client.send(get)
    const { outbound } = await arrived
    const drained = servers[0]!.drain({ timeoutMs: 60_000 })
    answer(outbound, 'last words')
    finish()
    expect(await drained).toEqual({ cut: 0 })
    const got = await client.untilClosed()
    expect(got.text).toContain('last words')
    expect(got.text.toLowerCase()).toContain('connection: close')
  })

  it('closes the connection of an answer that had begun before, while others go on', async () => {
    const outbounds: Outbound[] = []
    const { promise: both, resolve } = Promise.withResolvers<void>()
    const port = await start((_inbound, outbound) => {
      outbounds.push(outbound)
      outbound.begin(200, [])
      if (outbounds.length === 2) resolve()
      return new Promise(() => {})
    })
    const first = (await open(port)).send(get)
    await first.until(text => text.includes('200 OK'))
    const second = (await open(port)).send(get)
    await both
    void servers[0]!.drain({ timeoutMs: 60_000 })
    outbounds[0]!.end()
    expect((await first.untilClosed()).text).toContain('\r\n0\r\n')
    outbounds[1]!.write(Buffer.from('still here'))
    await second.until(text => text.includes('still here'))
  })

  it('still serves what is mounted, and ends those connections with the answer', async () => {
    const { handle, arrived } = controlled()
    const mount: Mount = {
      prefix: '/admin/',
      takes: () => true,
      handle: async (_request, response) => void response.end('mounted'),
    }
    const port = await start(handle, { mount })
    const busy = (await open(port)).send(get)
    await arrived
    const operator = await open(port)
    await operator.send('GET /admin/x HTTP/1.1\r\nHost: g\r\n\r\n').until(text => text.includes('mounted'))
    void servers[0]!.drain({ timeoutMs: 60_000 })
    const late = await open(port)
    late.send('GET /admin/x HTTP/1.1\r\nHost: g\r\n\r\n')
    const got = await late.untilClosed()
    expect(got.text).toContain('mounted')
    expect(got.text.toLowerCase()).toContain('connection: close')
    busy.close()
  })

  it('closes idle connections at once and accepts no new ones', async () => {
    const port = await start(async (_inbound, outbound) => answer(outbound, 'done'))
    const client = await open(port)
    await client.send(get).until(text => text.includes('done'))
    expect(await servers[0]!.drain({ timeoutMs: 60_000 })).toEqual({ cut: 0 })
    await client.untilClosed()
    await expect(RawClient.open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('cuts what is still running when the time is up, and says how many', async () => {
    const clock = createManualClock()
    const { handle, arrived } = controlled()
    const client = await open(await start(handle, { clock }))
    client.send(get)
    const { inbound, outbound } = await arrived
    outbound.begin(200, [])
    const drained = servers[0]!.drain({ timeoutMs: 5000 })
    clock.advance(5000)
    expect(await drained).toEqual({ cut: 1 })
    await aborted(inbound.signal)
  })
})
