import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigError } from '../../src/config/errors.ts'
import { type ConfigObject, configFromObject } from '../../src/config/from-object.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createFetch } from '../../src/in-process/create-fetch.ts'
import { explain } from '../../src/index.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { eventually } from '../fixtures/eventually.ts'
import { accountsAsked, running } from '../fixtures/mock-log.ts'
import { inProcessForTest, model } from './fixture.ts'

const url = 'https://api.openai.com/v1/responses'
const json = { 'content-type': 'application/json' }
const text = JSON.stringify({ model, input: 'hello' })
const streamed = JSON.stringify({ model, input: 'x', stream: true })
const bytes = new TextEncoder().encode(text)

describe('a call', () => {
  it.each<[string, () => RequestInit]>([
    ['text', () => ({ body: text })],
    ['a Uint8Array', () => ({ body: bytes })],
    ['a view of a larger buffer', () => ({ body: Buffer.from(`  ${text}  `).subarray(2, -2) })],
    ['an ArrayBuffer', () => ({ body: bytes.slice().buffer })],
    ['a Blob', () => ({ body: new Blob([bytes]) })],
    ['a ReadableStream', () => ({ body: new Blob([bytes]).stream(), duplex: 'half' }) as RequestInit],
  ])('may bring its body as %s', async (_what, init) => {
    const { fetch } = await inProcessForTest()
    const response = await fetch(url, { method: 'POST', headers: json, ...init() })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(JSON.stringify(await response.json())).toContain('You said: hello')
  })

  it('may be a Request', async () => {
    const { fetch } = await inProcessForTest()
    const response = await fetch(new Request(url, { method: 'POST', headers: json, body: text }))
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })

  it('is answered with JSON where it cannot be served', async () => {
    const { fetch } = await inProcessForTest()
    const response = await fetch('https://api.openai.com/v2/nothing')
    expect([response.status, (await response.json()).error.code]).toEqual([404, 'unknown_route'])
    const invalid = await fetch(url, { method: 'POST', headers: json, body: '{' })
    expect([invalid.status, (await invalid.json()).error.code]).toEqual([400, 'invalid_json'])
  })

  it('larger than limits.body is refused, whether its length is known or not', async () => {
    const { fetch, mock } = await inProcessForTest({ config: { limits: { body: '1KiB' } } })
    const large = new Blob([JSON.stringify({ model, input: 'x'.repeat(2000) })])
    for (const body of [await large.arrayBuffer(), large.stream()]) {
      const init = { method: 'POST', headers: json, body, duplex: 'half' } as RequestInit
      const response = await fetch(url, init)
      expect([response.status, (await response.json()).error.code]).toEqual([413, 'body_too_large'])
    }
    expect(mock.requests()).toEqual([])
  })

  it('rejects as fetch does: for what is no URL, and when it was aborted before', async () => {
    const { fetch } = await inProcessForTest()
    await expect(fetch('no url')).rejects.toBeInstanceOf(TypeError)
    const signal = AbortSignal.abort(new Error('no longer wanted'))
    await expect(fetch(url, { signal })).rejects.toThrow('no longer wanted')
  })

  it('rejects with what its own body failed with', async () => {
    const { fetch, mock } = await inProcessForTest()
    const body = new ReadableStream({ pull: controller => controller.error(new Error('disk gone')) })
    const init = { method: 'POST', headers: json, body, duplex: 'half' } as RequestInit
    await expect(fetch(url, init)).rejects.toThrow('disk gone')
    expect(mock.requests()).toEqual([])
  })

  it('is answered in time, and let go, although its own body never ends', async () => {
    const pools = { default: { accounts: ['*'], totalTimeout: '20ms' } }
    const { fetch, mock } = await inProcessForTest({ config: { pools } })
    let cancelled: unknown
    const body = new ReadableStream({
      cancel(reason) {
        cancelled = reason
      },
    })
    const init = { method: 'POST', headers: json, body, duplex: 'half' } as RequestInit
    const { error } = await (await fetch(url, init)).json()
    expect([error.code, (cancelled as { code: string }).code]).toEqual([
      'deadline_exceeded',
      'deadline_exceeded',
    ])
    expect(mock.requests()).toEqual([])
  })
})

describe('a stream', () => {
  it('that its reader cancels frees the slot and ends the upstream’s work', async () => {
    const { fetch, mock, slotsInUse } = await inProcessForTest({
      mock: { defaults: { outputTokens: 1_000_000 } },
    })
    const response = await fetch(url, { method: 'POST', headers: json, body: streamed })
    const reader = response.body!.getReader()
    let read = 0
    while (read < 500_000) read += (await reader.read()).value!.byteLength
    expect([running(mock), slotsInUse()]).toEqual([1, 1])
    await reader.cancel()
    expect(slotsInUse()).toBe(0)
    await eventually(() => running(mock) === 0)
  })

  it('that is cut upstream ends in an error event', async () => {
    const { fetch, mock } = await inProcessForTest()
    mock.fault({ fault: { kind: 'cut', afterEvents: 6 } })
    const response = await fetch(url, { method: 'POST', headers: json, body: streamed })
    expect(await response.text()).toMatch(/event: error\ndata: .*\n\n$/)
  })
})

describe('the configuration', () => {
  it('is checked by the rules of the file, all of it at once, before anything runs', () => {
    const config = {
      accounts: [
        { id: 'a', concurrency: 0 },
        { id: 'b', apiKeyFile: '/run/secrets/b', tls: { ca: 'ca.pem' } },
      ],
      pools: { fast: { accounts: ['c'] } },
      limits: { boddy: '1MiB' },
      server: { port: 1 },
    } as ConfigObject
    expect(() => createFetch(config)).toThrow(ConfigError)
    for (const problem of [
      'config server: is a section of a server. Fix: remove it: nothing listens here.',
      'config accounts[0].concurrency: must be a whole number',
      'config accounts[1].apiKeyFile: names a file, which is not read here. Fix: give its content',
      'config accounts[1].tls.ca: names a file, which is not read here. Fix: give its content',
      'config pools.fast.accounts[0]: names the account "c", which does not exist',
      'config limits.boddy: ',
    ]) {
      expect(() => createFetch(config)).toThrow(`argument ${problem}`)
    }
  })

  it('without clients has one, of the pool `default` or else the first', () => {
    const accounts = [{ id: 'a', apiKey: 'sk-a' }]
    const poolOf = (pools?: ConfigObject['pools']) =>
      configFromObject({ accounts, ...(pools && { pools }) }, { implicitKey: 'k'.repeat(16) }).clients
    expect(poolOf()).toMatchObject([{ name: 'default', tenant: 'default', pool: 'default' }])
    expect(poolOf({ fast: {}, cheap: {} })).toMatchObject([{ pool: 'fast', pools: ['cheap'] }])
    expect(poolOf({ fast: {}, default: {} })).toMatchObject([{ pool: 'default' }])
  })

  it('logs what becomes of accounts, as the server does', async () => {
    const said: object[] = []
    const log = { ...silentLog, warn: (fields: object) => said.push(fields) }
    const { fetch, mock } = await inProcessForTest({ ids: ['a1'], options: { log } })
    mock.fault({ fault: { kind: 'status', status: 401 } })
    await fetch(url, { method: 'POST', headers: json, body: streamed })
    expect(said).toContainEqual({
      pool: 'default',
      account: 'a1',
      from: 'active',
      to: 'cooling_down',
      reason: 'auth_broken',
    })
  })

  it('with clients holds callers to their keys, each a tenant of its own', async () => {
    const clients = ['alice', 'bob'].map(name => ({ name, keys: [`hg-${name}-0123456789`] }))
    const { fetch } = await inProcessForTest({ config: { clients } })
    const as = (apiKey: string) => new OpenAI({ apiKey, maxRetries: 0, fetch })
    const first = await as('hg-alice-0123456789').responses.create({ model, input: 'x' })
    const more = { model, input: 'y', previous_response_id: first.id }
    await as('hg-alice-0123456789').responses.create(more)
    await expect(as('hg-bob-0123456789').responses.create(more)).rejects.toMatchObject({ status: 400 })
    await expect(as('unused').responses.create(more)).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
  })

  it('may be one that was loaded from a file, with the file’s clients', async () => {
    const { mock, config } = await inProcessForTest()
    const folder = await mkdtemp(join(tmpdir(), 'headgate-in-process-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'config.yaml')
    const clients = [{ name: 'team', keys: ['hg-team-0123456789'] }]
    await writeFile(path, JSON.stringify({ ...config, clients, server: { port: 1 } }))
    await using fetch = createFetch(await loadConfig({ path, env: {} }))
    const sdk = new OpenAI({ apiKey: 'hg-team-0123456789', maxRetries: 0, fetch })
    await sdk.responses.create({ model, input: 'x' })
    expect(accountsAsked(mock)).toHaveLength(1)
    await expect(fetch(url)).resolves.toMatchObject({ status: 405 })
    await expect(fetch(url, { method: 'POST' })).resolves.toMatchObject({ status: 401 })
  })

  it('may change while it is in use', async () => {
    const { fetch, mock, config, sdk } = await inProcessForTest({ ids: ['a1', 'a2'] })
    await sdk.responses.create({ model, input: 'x' })
    const one = { ...config, accounts: config.accounts.filter(({ id }) => id === 'a2') }
    expect(fetch.reload(one)).toEqual([])
    expect(() => fetch.reload({ accounts: [] })).toThrow(ConfigError)
    for (let count = 0; count < 5; count++) await sdk.responses.create({ model, input: 'x' })
    expect(accountsAsked(mock).slice(1)).toEqual(Array(5).fill('a2'))
  })
})

describe('around the calls', () => {
  it('every decision can be explained', async () => {
    const { fetch, sdk } = await inProcessForTest()
    const { response } = await sdk.responses.create({ model, input: 'x' }).withResponse()
    const account = response.headers.get('x-headgate-account')
    const scheduler = fetch.schedulers().get('default')!
    const decision = scheduler.decision(Number(response.headers.get('x-headgate-decision')))
    expect(explain(decision!).sentences.join(' ')).toContain(`${account} was chosen`)
  })

  it('onRequest hears of every request', async () => {
    const heard: (string | undefined)[] = []
    const { sdk } = await inProcessForTest({
      options: { onRequest: record => heard.push(`${record.status} ${record.model}`) },
    })
    await sdk.responses.create({ model, input: 'x' })
    expect(heard).toEqual([`200 ${model}`])
  })

  it('conversations survive a restart when there is a folder for them', async () => {
    const storePath = await mkdtemp(join(tmpdir(), 'headgate-in-process-'))
    onTestFinished(() => rm(storePath, { recursive: true }))
    const { fetch, config, mock, sdk } = await inProcessForTest({ options: { storePath } })
    const first = await sdk.responses.create({ model, input: 'x' })
    await fetch.close()
    await using again = createFetch(config, { storePath })
    const later = new OpenAI({ apiKey: 'unused', maxRetries: 0, fetch: again })
    await later.responses.create({ model, input: 'y', previous_response_id: first.id })
    expect(new Set(accountsAsked(mock)).size).toBe(1)
  })

  it('closing lets a stream end, and refuses what is new', async () => {
    const { fetch, sdk } = await inProcessForTest({ mock: { defaults: { outputTokens: 3000 } } })
    const response = await fetch(url, { method: 'POST', headers: json, body: streamed })
    let closed = false
    const closing = fetch.close().then(() => {
      closed = true
    })
    await expect(sdk.responses.create({ model, input: 'y' })).rejects.toMatchObject({ code: 'draining' })
    expect(closed).toBe(false)
    expect(await response.text()).toContain('event: response.completed')
    await closing
  })

  it('closing by force cuts a stream, which never looks whole', async () => {
    const { fetch, mock } = await inProcessForTest({ mock: { defaults: { outputTokens: 1_000_000 } } })
    const response = await fetch(url, { method: 'POST', headers: json, body: streamed })
    const reading = response.text()
    await Promise.all([expect(reading).rejects.toThrow('terminated'), fetch.close({ mode: 'force' })])
    await eventually(() => running(mock) === 0)
  })
})
