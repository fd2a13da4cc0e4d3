/** Proxies and TLS options, through real sockets. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ConnectProxyOptions, startConnectProxy } from '../../test/fixtures/connect-proxy.ts'
import { eventually } from '../../test/fixtures/eventually.ts'
import { selfSigned } from '../../test/fixtures/self-signed.ts'
import type { Upstream, UpstreamFault, UpstreamTarget } from '../wire/upstream.ts'
import { createUpstream, type UpstreamOptions } from './client.ts'

const own = selfSigned()

function client(options?: UpstreamOptions): Upstream {
  const upstream = createUpstream(options)
  onTestFinished(() => upstream.close())
  return upstream
}

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  server.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void
const fine: Handle = (_request, response) => response.end('fine')
const http = (handle = fine): Promise<number> => listen(createServer(handle))
const https = (options: ServerOptions, handle = fine): Promise<number> =>
  listen(createTlsServer({ cert: own.cert, key: own.key, ...options }, handle))

async function proxy(options?: ConnectProxyOptions) {
  const started = await startConnectProxy(options)
  onTestFinished(() => started.close())
  return started
}

const throughProxy = ({ port }: { readonly port: number }) => ({
  proxy: { origin: `http://127.0.0.1:${port}` },
})

/** Sends one request: what came back, or the fault. */
function ask(upstream: Upstream, baseUrl: string, target: Partial<UpstreamTarget> = {}) {
  return new Promise<string | UpstreamFault>(resolve => {
    let text = ''
    upstream.send(
      {
        target: {
          ...{ accountId: 'one', baseUrl, headers: [['authorization', 'Bearer sk-canary-key']] },
          ...{ headersTimeoutMs: 5000, idleTimeoutMs: 5000, allowPrivate: true, ...target },
        },
        ...{ method: 'POST', path: '/responses', headers: [], body: Buffer.from('{}') },
      },
      {
        head: status => {
          text += `${status} `
        },
        data: chunk => {
          text += Buffer.from(chunk).toString()
        },
        end: () => resolve(text),
        fault: resolve,
      },
    )
  })
}

describe('an account with an egress proxy', () => {
  it('reaches a plain upstream through a tunnel, so that the proxy is asked for a place and nothing else', async () => {
    const port = await http()
    const { asked, credentials, ...way } = await proxy()
    expect(await ask(client(), `http://127.0.0.1:${port}/v1`, throughProxy(way))).toBe('200 fine')
    expect(asked).toEqual([`127.0.0.1:${port}`])
    expect(credentials).toEqual([undefined])
  })

  it('leaves the name to the proxy, and keeps the tunnel for the next request', async () => {
    const port = await https({})
    const way = await proxy({ names: { 'localhost:443': port } })
    const upstream = client({ resolve: () => expect.unreachable() })
    const target = { ...throughProxy(way), tls: { ca: own.cert } }
    expect(await ask(upstream, 'https://localhost/v1', target)).toBe('200 fine')
    // The socket is free again a turn after its answer.
    await new Promise(resolve => setImmediate(resolve))
    expect(await ask(upstream, 'https://localhost/v1', target)).toBe('200 fine')
    expect(way.asked).toEqual(['localhost:443'])
    expect(way.seen()).not.toContain('sk-canary-key')
  })

  it('shows the proxy its credential, and the upstream not', async () => {
    let headers: IncomingMessage['headers'] = {}
    const port = await http((request, response) => {
      headers = request.headers
      response.end()
    })
    const way = await proxy()
    const origin = `http://127.0.0.1:${way.port}`
    await ask(client(), `http://127.0.0.1:${port}`, { proxy: { origin, authorization: 'Basic dTpw' } })
    expect(way.credentials).toEqual(['Basic dTpw'])
    expect(headers['proxy-authorization']).toBeUndefined()
    expect(headers.authorization).toBe('Bearer sk-canary-key')
  })

  it('speaks TLS to a proxy that wants it, trusting the same authority and no other', async () => {
    const port = await http()
    const way = await proxy({ tls: own })
    const egress = { proxy: { origin: `https://localhost:${way.port}` } }
    const url = `http://127.0.0.1:${port}`
    expect(await ask(client(), url, { ...egress, tls: { ca: own.cert } })).toBe('200 fine')
    expect(await ask(client(), url, egress)).toEqual({
      kind: 'tls',
      detail: 'the egress proxy: DEPTH_ZERO_SELF_SIGNED_CERT',
    })
  })

  it.each([
    [407, 'the egress proxy refuses its credentials (407)'],
    [502, 'the egress proxy answers 502'],
    ['hang_up', 'the egress proxy ends the connection instead of opening a tunnel'],
  ] as const)('fails to connect when the proxy says %s', async (refuse, detail) => {
    const way = await proxy({ refuse })
    expect(await ask(client(), 'http://127.0.0.1:1', throughProxy(way))).toEqual({ kind: 'connect', detail })
  })

  it('waits for the proxy no longer than to connect', async () => {
    const way = await proxy({ refuse: 'silence' })
    const fault = await ask(client(), 'http://127.0.0.1:1', { ...throughProxy(way), connectTimeoutMs: 30 })
    expect(fault).toEqual({ kind: 'connect', detail: 'the egress proxy does not answer' })
  })

  it('says so when it is the proxy that is away', async () => {
    const way = await proxy()
    way.close()
    const fault = await ask(client(), 'http://127.0.0.1:1', throughProxy(way))
    expect(fault).toEqual({ kind: 'connect', detail: 'the egress proxy: ECONNREFUSED' })
  })

  it.each([
    ['an address in the URL of the proxy', 'http://127.0.0.1:PORT', 'https://upstream.example/v1'],
    ['a name that leads inside', 'http://proxy.example:PORT', 'https://upstream.example/v1'],
    ['an address in the URL of the upstream', 'http://proxy.example:PORT', 'https://169.254.169.254/v1'],
    ['an IPv6 spelling of one', 'http://proxy.example:PORT', 'https://[::ffff:127.0.0.1]/v1'],
  ])('is refused before a connection is made: %s', async (_what, origin, baseUrl) => {
    const canary = await proxy()
    const upstream = client({
      resolve: (_name, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    })
    const fault = await ask(upstream, baseUrl, {
      proxy: { origin: origin.replace('PORT', String(canary.port)) },
      allowPrivate: false,
    })
    expect(fault).toMatchObject({
      kind: 'connect',
      detail: expect.stringContaining('set allowPrivate: true'),
    })
    expect(canary.connections()).toBe(0)
  })

  it('shares no tunnel with another account, and lets the old ones go when its way changes', async () => {
    const port = await http()
    const [one, two] = [await proxy(), await proxy()]
    const upstream = client()
    const url = `http://127.0.0.1:${port}`
    await ask(upstream, url, throughProxy(one))
    await ask(upstream, url, { ...throughProxy(one), accountId: 'two' })
    expect(one.asked).toHaveLength(2)
    await ask(upstream, url, throughProxy(two))
    expect(two.asked).toHaveLength(1)
    await eventually(() => one.open() === 1)
  })
})

describe('the TLS options of an account', () => {
  it('trust an authority of its own in the place of the system’s', async () => {
    const port = await https({})
    const url = `https://localhost:${port}/v1`
    expect(await ask(client(), url)).toEqual({ kind: 'tls', detail: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(await ask(client(), url, { tls: { ca: own.cert } })).toBe('200 fine')
    expect(await ask(client(), url, { tls: { ca: selfSigned().cert } })).toMatchObject({ kind: 'tls' })
  })

  it('show a certificate to an upstream that asks for one', async () => {
    const mine = selfSigned({ host: 'gateway' })
    const port = await https({ requestCert: true, ca: mine.cert }, (request, response) => {
      response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN)
    })
    const url = `https://localhost:${port}/v1`
    expect(await ask(client(), url, { tls: { ca: own.cert, ...mine } })).toBe('200 gateway')
    expect(await ask(client(), url, { tls: { ca: own.cert } })).toMatchObject({
      kind: expect.stringMatching(/tls|closed/),
    })
  })

  it('check the name they are told instead of the host, also through a proxy', async () => {
    const named = selfSigned({ host: 'inference.internal' })
    const port = await https({ ...named })
    const url = `https://localhost:${port}/v1`
    const tls = { ca: named.cert, serverName: 'inference.internal' }
    expect(await ask(client(), url, { tls: { ca: named.cert } })).toEqual({
      kind: 'tls',
      detail: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    expect(await ask(client(), url, { tls })).toBe('200 fine')
    expect(await ask(client(), url, { tls, ...throughProxy(await proxy()) })).toBe('200 fine')
  })

  it('do not excuse a certificate that has expired', async () => {
    const old = selfSigned({ notAfter: new Date('2021-01-01T00:00:00Z') })
    const port = await https({ ...old })
    const fault = await ask(client(), `https://localhost:${port}/v1`, { tls: { ca: old.cert } })
    expect(fault).toEqual({ kind: 'tls', detail: 'CERT_HAS_EXPIRED' })
  })
})
