/** Accounts behind TLS of their own and behind proxies, through the whole gateway. */
import { writeFileSync } from 'node:fs'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../config/fixture.ts'
import { startConnectProxy } from '../fixtures/connect-proxy.ts'
import { gatewayForTest, type TestAccount } from '../fixtures/gateway.ts'
import { selfSigned } from '../fixtures/self-signed.ts'

const own = selfSigned()
const question = { json: { model: 'gpt-5.1', input: 'hello' } }
const spare: TestAccount = { id: 'spare', config: { priority: 9 } }
const preferFirst = { default: { accounts: ['*'], scheduler: { topK: 1 } } }

async function tlsServer(options: ServerOptions): Promise<string> {
  const server = createServer({ ...own, ...options }, (_request, response) => response.end('{}'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `https://localhost:${(server.address() as AddressInfo).port}/v1`
}

function pemFile(text: string): string {
  const path = join(temporaryFolder(), 'file.pem')
  writeFileSync(path, text)
  return path
}

describe('an upstream whose certificate is not good', () => {
  const old = selfSigned({ notAfter: new Date('2021-01-01T00:00:00Z') })
  const other = selfSigned({ host: 'other' })

  it.each([
    ['has expired', old, old.cert],
    ['is made for another name', other, other.cert],
    ['is from an authority nobody trusts', own, undefined],
  ])('is answered upstream_tls when it %s', async (_why, shown, ca) => {
    const baseUrl = await tlsServer({ ...shown })
    const config = { baseUrl, ...(ca === undefined ? {} : { tls: { ca: pemFile(ca) } }) }
    const gateway = await gatewayForTest({ accounts: [{ id: 'bad', config }] })
    const answer = await gateway.fetch('/v1/responses', question)
    expect(answer.status).toBe(502)
    const text = await answer.text()
    expect(text).toContain('"code":"upstream_tls"')
    expect(text).not.toMatch(/localhost|CERT|SELF_SIGNED/)
  })

  it('does not keep another account from serving', async () => {
    const config = { baseUrl: await tlsServer({}) }
    const gateway = await gatewayForTest({ accounts: [{ id: 'bad', config }, spare], pools: preferFirst })
    expect((await gateway.fetch('/v1/responses', question)).status).toBe(200)
    expect(
      await gateway.metric('headgate_upstream_attempts_total{account="bad",outcome="transport_error"}'),
    ).toBe(1)
  })
})

describe('an account with an egress proxy', () => {
  it('is reached through it, and after a reload through the next one', async () => {
    const [one, two] = [await startConnectProxy(), await startConnectProxy()]
    onTestFinished(() => {
      one.close()
      two.close()
    })
    const through = (port: number): TestAccount[] => [
      { id: 'a', config: { proxy: `http://user:p%40ss-canary@127.0.0.1:${port}` } },
    ]
    const gateway = await gatewayForTest({ accounts: through(one.port) })
    const first = await gateway.sdk().responses.create({ model: 'gpt-5.1', input: 'hello' })
    await gateway.reload({ accounts: through(two.port) })
    const next = { model: 'gpt-5.1', input: 'and again', previous_response_id: first.id }
    expect((await gateway.sdk().responses.create(next)).output_text).not.toBe('')
    expect([one.asked.length, two.asked.length]).toEqual([1, 1])
    const credential = `Basic ${Buffer.from('user:p@ss-canary').toString('base64')}`
    expect([one.credentials, two.credentials]).toEqual([[credential], [credential]])
  })

  it('is not reached when the proxy refuses, which no client hears in words', async () => {
    const proxy = await startConnectProxy({ refuse: 407 })
    onTestFinished(() => proxy.close())
    const config = { proxy: `http://user:pass-canary@127.0.0.1:${proxy.port}` }
    const gateway = await gatewayForTest({ accounts: [{ id: 'a', config }] })
    const text = await (await gateway.fetch('/v1/responses', question)).text()
    expect(text).toContain('"code":"upstream_unreachable"')
    expect(text).not.toMatch(/canary|proxy|127\.0\.0\.1/)
  })

  it('pays no heed to the environment', async () => {
    const proxy = await startConnectProxy()
    onTestFinished(() => proxy.close())
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy']) {
      const before = process.env[name]
      process.env[name] = `http://127.0.0.1:${proxy.port}`
      onTestFinished(() => {
        if (before === undefined) delete process.env[name]
        else process.env[name] = before
      })
    }
    const gateway = await gatewayForTest({ accounts: [{ id: 'a' }] })
    await gateway.sdk().responses.create({ model: 'gpt-5.1', input: 'hello' })
    expect(proxy.connections()).toBe(0)
  })
})
