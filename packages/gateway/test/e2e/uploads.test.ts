/** Uploads over real sockets: an upstream of the test's own, a client that sends exactly what it is told to. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import type { TestGateway } from '../fixtures/gateway.ts'
import { gatewayOver, scriptedUpstream } from '../fixtures/scripted-upstream.ts'
import { RawClient } from '../sockets/raw-client.ts'

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createNetServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const boundary = 'part-of-the-test'
const start = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n`
const end = `\r\n--${boundary}--\r\n`

function head(gateway: TestGateway, framing: string, key = gateway.key()): string {
  const type = `Content-Type: multipart/form-data; boundary=${boundary}`
  return `POST /v1/files HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${key}\r\n${type}\r\n${framing}\r\n\r\n`
}

async function open(gateway: TestGateway): Promise<RawClient> {
  const client = await RawClient.open(gateway.port)
  onTestFinished(() => client.close())
  return client
}

/** Reads the whole upload, then answers with a file. */
const takesAll = (request: IncomingMessage, response: ServerResponse): void => {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  request.on('end', () => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ id: 'file-1', object: 'file', bytes }))
  })
}

const free = (gateway: TestGateway) => eventually(async () => (await gateway.slotsInUse()) === 0)

describe('an upload', () => {
  it('reaches the upstream while its client still sends, in its own form', async () => {
    const { port, seen } = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([port])
    const client = await open(gateway)
    const length = start.length + 200_000 + end.length
    client
      .send(head(gateway, `Content-Length: ${length}\r\nX-Secret: mine`))
      .send(start + 'x'.repeat(100_000))
    await eventually(() => seen.length === 1)
    const [request] = seen
    expect(request!.headers).toMatchObject({
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(length),
    })
    expect(request!.headers['x-secret']).toBeUndefined()
    expect(request!.complete).toBe(false)
    client.send('x'.repeat(100_000) + end)
    const answer = await client.until(text => text.includes('}'))
    expect(answer.text).toContain(`"bytes":${length}`)
  })

  it('of unknown length goes in chunks', async () => {
    const { port, seen } = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([port])
    const client = await open(gateway)
    const body = `${start}x${end}`
    client.send(head(gateway, 'Transfer-Encoding: chunked'))
    client.send(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
    expect((await client.until(text => text.includes('}'))).text).toContain(`"bytes":${body.length}`)
    expect(seen[0]!.headers['transfer-encoding']).toBe('chunked')
  })

  it('goes to another account while none of it went out, and is not lost', async () => {
    const { port, seen } = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([await closedPort(), port])
    const client = await open(gateway)
    const body = `${start}${'x'.repeat(1000)}${end}`
    client.send(head(gateway, `Content-Length: ${body.length}`) + body)
    expect((await client.until(text => text.includes('}'))).text).toContain(`"bytes":${body.length}`)
    expect(seen).toHaveLength(1)
  })

  it('is never sent twice once some of it went out', async () => {
    const first = await scriptedUpstream(request => request.once('data', () => request.socket.destroy()))
    const second = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([first.port, second.port])
    const client = await open(gateway)
    client.send(head(gateway, 'Content-Length: 1000') + start)
    const answer = await client.until(text => text.includes('}'))
    expect([answer.status, answer.json!.error.code]).toEqual([502, 'upstream_disconnected'])
    expect([first.seen.length, second.seen.length]).toEqual([1, 0])
    await free(gateway)
  })

  it('that breaks off is answered 400, and broken off upstream', async () => {
    const { port, seen } = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([port])
    const client = await open(gateway)
    client.send(head(gateway, 'Content-Length: 1000') + start)
    await eventually(() => seen.length === 1)
    client.socket.end()
    const answer = await client.untilClosed()
    expect([answer.status, answer.json!.error.code]).toEqual([400, 'truncated_body'])
    await eventually(() => seen[0]!.destroyed)
    expect(seen[0]!.complete).toBe(false)
    await free(gateway)
  })

  it('ends upstream when its client goes, and frees the slot', async () => {
    const { port, seen } = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([port])
    const client = await open(gateway)
    client.send(head(gateway, 'Content-Length: 1000') + start)
    await eventually(() => seen.length === 1)
    client.socket.resetAndDestroy()
    await eventually(() => seen[0]!.destroyed)
    await free(gateway)
  })

  it('announced too large costs nothing upstream; one that grows too large is broken off', async () => {
    const { port, seen } = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([port], { limits: { upload: '2KiB' } })
    const announced = await open(gateway)
    announced.send(head(gateway, 'Content-Length: 2049'))
    const refused = await announced.until(text => text.includes('}'))
    expect([refused.status, refused.json!.error.code]).toEqual([413, 'body_too_large'])
    expect(seen).toHaveLength(0)
    const growing = await open(gateway)
    growing.send(head(gateway, 'Transfer-Encoding: chunked'))
    growing.send(`400\r\n${'x'.repeat(1024)}\r\n`)
    await eventually(() => seen.length === 1)
    growing.send(`800\r\n${'x'.repeat(2048)}\r\n`)
    const cut = await growing.until(text => text.includes('}'))
    expect([cut.status, cut.json!.error.code]).toEqual([413, 'body_too_large'])
    await eventually(() => seen[0]!.destroyed)
    await free(gateway)
  })

  it('is asked for only when an upstream takes it, and not at all without a key', async () => {
    const { port, seen } = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([port])
    const body = `${start}x${end}`
    const framing = `Content-Length: ${body.length}\r\nExpect: 100-continue`
    const stranger = await open(gateway)
    stranger.send(head(gateway, framing, 'hg-of-nobody-at-all'))
    expect((await stranger.until(text => text.includes('}'))).text).toMatch(/^HTTP\/1\.1 401 /)
    const client = await open(gateway)
    client.send(head(gateway, framing))
    await client.until(text => text.includes('\r\n\r\n'))
    client.send(body)
    const answer = await client.until(text => text.includes('}'))
    expect(answer.text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
    expect(seen).toHaveLength(1)
  })

  it('is answered with what the upstream says before it has all of it', async () => {
    const { port } = await scriptedUpstream((request, response) => {
      request.once('data', () => {
        response.writeHead(400, { 'content-type': 'application/json', connection: 'close' })
        response.end('{"error":{"message":"no such purpose","type":"invalid_request_error","code":null}}')
      })
    })
    const gateway = await gatewayOver([port])
    const client = await open(gateway)
    client.send(head(gateway, 'Content-Length: 100000') + start)
    const answer = await client.until(text => text.includes('purpose'))
    expect(answer.status).toBe(400)
    await free(gateway)
  })

  it.each(['Content-Length: 0', 'X-None: 0'])('of nothing is told to the upstream (%s)', async framing => {
    const { port } = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([port])
    const client = await open(gateway)
    client.send(head(gateway, framing))
    expect((await client.until(text => text.includes('}'))).text).toContain('"bytes":0')
  })

  it('must be a form', async () => {
    const { port, seen } = await scriptedUpstream(takesAll)
    const gateway = await gatewayOver([port])
    const answer = await gateway.fetch('/v1/files', { json: { purpose: 'batch' } })
    expect([answer.status, (await answer.json()).error.code]).toEqual([415, 'form_required'])
    expect(seen).toHaveLength(0)
  })
})
