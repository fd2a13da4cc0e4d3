/** `headgate doctor`, through real sockets. */
import { writeFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createMockUpstream } from '@headgate/mock-upstream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { draftOf } from '../../src/config/load.ts'
import { validateDraft } from '../../src/config/validate.ts'
import { type DoctorReport, examine } from '../../src/doctor/doctor.ts'
import { renderReport } from '../../src/doctor/render.ts'
import { nodeClock } from '../../src/runtime/clock.ts'
import type { UpstreamOptions } from '../../src/upstream/client.ts'
import { temporaryFolder } from '../config/fixture.ts'
import { startConnectProxy } from '../fixtures/connect-proxy.ts'
import { type SelfSigned, selfSigned } from '../fixtures/self-signed.ts'

type Fields = Readonly<Record<string, unknown>>

/** Examines accounts as they would stand in a file. */
async function doctor(accounts: readonly Fields[], upstream?: UpstreamOptions): Promise<DoctorReport> {
  const folder = temporaryFolder()
  const clients = [{ name: 'c', keys: ['0123456789abcdef'] }]
  const full = accounts.map(account => ({ kind: 'openai-compatible', allowPrivate: true, ...account }))
  const tree = { server: { port: 0 }, clients, accounts: full, store: { path: join(folder, 'data') } }
  const config = await validateDraft(draftOf(tree), { baseDir: folder })
  const isStated = (account: number, name: string) =>
    Object.hasOwn((full[account] as { capabilities?: object }).capabilities ?? {}, name)
  return await examine({ config, clock: nodeClock, isStated, ...(upstream && { upstream }) })
}

async function mock(...args: Parameters<typeof createMockUpstream>) {
  const started = await createMockUpstream(...args)
  onTestFinished(() => started.close())
  return started
}

/** A server that speaks TLS with this certificate. */
async function tls(certificate: SelfSigned): Promise<string> {
  const server = createTlsServer({ cert: certificate.cert, key: certificate.key }, (_, answer) =>
    answer.end('{}'),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `https://localhost:${(server.address() as AddressInfo).port}/v1`
}

const problems = (report: DoctorReport): string[] =>
  report.accounts.flatMap(({ findings }) => findings.map(({ problem, fix }) => `${problem}. Fix: ${fix}`))

describe('an account that works', () => {
  it('is shown with what it can do, what it serves and how fast, and no token is spent', async () => {
    const upstream = await mock({ accounts: { 'sk-canary-key-1': { dialect: 'vllm', models: ['llama-3'] } } })
    const report = await doctor([
      { id: 'vllm', baseUrl: `${upstream.url}/v1`, apiKey: 'sk-canary-key-1', models: ['llama-3', 'gone'] },
    ])
    expect(report.ok).toBe(true)
    const [account] = report.accounts
    expect(account).toMatchObject({
      ...{ status: 200, server: 'uvicorn', models: ['llama-3'] },
      steps: { dns: 'ok', connect: 'ok', tls: 'none', auth: 'ok' },
      capabilities: {
        ...{ chat: { has: true, by: 'kind' }, conversations: { has: false, by: 'kind' } },
        storedResponses: { has: false, by: 'kind' },
      },
    })
    expect(Math.abs(account!.clockSkewSeconds!)).toBeLessThan(60)
    expect(problems(report)).toEqual([
      'the upstream does not list the model gone. Fix: correct models, or load the model on the server',
      expect.stringMatching(
        /has the routes of storedResponses, which is off\. Fix: .*VLLM_ENABLE_RESPONSES_API_STORE=1/,
      ),
    ])
    // Every request was refused or a list: nothing was generated.
    const asked = upstream.control.requests()
    expect(asked.filter(({ status, endpoint }) => status === 200 && endpoint !== 'models.list')).toEqual([])
    expect(renderReport(report)).toContain('all 1 accounts can serve')
    expect(renderReport(report)).not.toContain('canary')
  })

  it('is asked with a token where it lives on tokens', async () => {
    const entra = { tenant: 'here', clientId: 'app', clientSecret: 'entra~canary-0123456789' }
    const upstream = await mock({ accounts: { 'sk-none': { dialect: 'azure', entra } } })
    const azure = (clientSecret: string) => ({
      ...{ id: 'az', kind: 'azure', baseUrl: `${upstream.url}/openai/v1` },
      auth: { kind: 'entra', tenantId: 'here', clientId: 'app', clientSecret, authority: upstream.url },
    })
    expect((await doctor([azure(entra.clientSecret)])).ok).toBe(true)
    const report = await doctor([azure('wrong~canary-0123456789')])
    expect(report.accounts[0]!.steps.auth).toBe('failed')
    expect(problems(report)).toEqual([
      'the token endpoint answers 401 invalid_client (AADSTS7000215). Fix: put a secret that is in force into auth.clientSecret: they expire',
    ])
  })

  it('is not asked when the file disables it', async () => {
    const report = await doctor([{ id: 'off', baseUrl: 'http://127.0.0.1:1/v1', enabled: false }])
    expect(report).toMatchObject({ ok: true, accounts: [], disabled: ['off'] })
  })
})

describe('an account that is broken', () => {
  it('is told with the step at which it fails, and a remedy', async () => {
    const upstream = await mock({ accounts: { 'sk-right': {} } })
    const one = { baseUrl: `${upstream.url}/v1` }
    const [wrong, expired] = [
      selfSigned({ host: 'other' }),
      selfSigned({ notAfter: new Date('2021-01-01T00:00:00Z') }),
    ]
    const files = temporaryFolder()
    writeFileSync(join(files, 'wrong.pem'), wrong.cert)
    writeFileSync(join(files, 'expired.pem'), expired.cert)
    const report = await doctor([
      { id: 'key', ...one, apiKey: 'sk-canary-wrong-key' },
      { id: 'keyless', ...one },
      { id: 'path', baseUrl: `${upstream.url}/api`, apiKey: 'sk-right' },
      { id: 'away', baseUrl: 'http://127.0.0.1:1/v1' },
      { id: 'name', baseUrl: await tls(wrong), tls: { ca: join(files, 'wrong.pem') } },
      { id: 'expired', baseUrl: await tls(expired), tls: { ca: join(files, 'expired.pem') } },
      { id: 'unknown', baseUrl: await tls(selfSigned()) },
      { id: 'plain', baseUrl: upstream.url.replace('http:', 'https:') },
    ])
    expect(report.ok).toBe(false)
    const told = report.accounts.map(({ id, steps, findings }) => {
      const failed = Object.entries(steps).find(([, step]) => step === 'failed')?.[0] ?? 'nothing'
      return `${id}: ${failed}: ${findings[0]!.severity}: ${findings[0]!.fix}`
    })
    expect(told).toEqual([
      'key: auth: broken: replace apiKey by one that is in force',
      'keyless: auth: broken: add apiKey to the account',
      'path: nothing: broken: check the path in baseUrl: it ends in /v1',
      'away: connect: broken: start the server, or correct the port in baseUrl',
      'name: tls: broken: write that name in baseUrl, or set tls.serverName on the account',
      'expired: tls: broken: renew it on the server; check the clock of this machine',
      'unknown: tls: broken: set tls.ca on the account to a file with that authority',
      'plain: tls: broken: check the port and the scheme in baseUrl',
    ])
    expect(JSON.stringify(report)).not.toContain('canary')
  })

  it('is reached at no address that its filter forbids, by the proxy neither', async () => {
    const canary = await startConnectProxy()
    onTestFinished(() => canary.close())
    const inside: UpstreamOptions = {
      resolve: (_name, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    }
    const report = await doctor(
      [
        { id: 'direct', baseUrl: `https://api.example.com:${canary.port}/v1`, allowPrivate: false },
        {
          ...{ id: 'proxy', baseUrl: 'https://api.example.com/v1', allowPrivate: false },
          proxy: `http://proxy.example.com:${canary.port}`,
        },
      ],
      inside,
    )
    expect(problems(report)).toEqual([
      expect.stringMatching(/leads to 127\.0\.0\.1, which is loopback\. Fix: set allowPrivate: true/),
      expect.stringMatching(/^proxy\.example\.com leads to 127\.0\.0\.1/),
    ])
    expect(canary.connections()).toBe(0)
  })

  it('is told of the proxy where that is the reason', async () => {
    const way = await startConnectProxy({ refuse: 407 })
    onTestFinished(() => way.close())
    const proxy = `http://user:canary-password@127.0.0.1:${way.port}`
    const report = await doctor([{ id: 'a', baseUrl: 'https://127.0.0.1:1/v1', proxy }])
    expect(problems(report)).toEqual([
      'the egress proxy refuses its credentials (407). Fix: correct proxy on the account, with its user and password, and let it open tunnels to 127.0.0.1:1',
    ])
    expect(JSON.stringify(report)).not.toContain('canary')
  })
})

describe('the machine', () => {
  it('is told of when the address is taken or the folder cannot be written', async () => {
    const taken = await startConnectProxy()
    onTestFinished(() => taken.close())
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const clients = [{ name: 'c', keys: ['0123456789abcdef'] }]
    const accounts = [
      { id: 'a', kind: 'openai-compatible', baseUrl: 'https://a.example.com/v1', enabled: false },
    ]
    const tree = { server: { port: taken.port }, clients, accounts, store: { path: join(file, 'data') } }
    const config = await validateDraft(draftOf(tree), { baseDir: '.' })
    const { findings, ok } = await examine({ config, clock: nodeClock, isStated: () => false })
    expect(findings.map(({ severity, problem }) => `${severity}: ${problem}`)).toEqual([
      expect.stringMatching(/^broken: the data folder cannot be written at .*ENOTDIR/),
      `doubtful: something listens at 127.0.0.1:${taken.port}`,
    ])
    expect(ok).toBe(false)
  })
})
