/** The admin API through real sockets: who may use it, what it shows, and what an operator's word does to traffic. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestGateway, type TestGatewayOptions } from '../fixtures/gateway.ts'
import { accountsAsked } from '../fixtures/mock-log.ts'

const token = 'admin-token-0123456789'
const model = 'gpt-5.1'
const twoAccounts = [{ id: 'a1' }, { id: 'a2' }]

const start = (options: TestGatewayOptions = {}) =>
  gatewayForTest({ accounts: twoAccounts, adminToken: token, ...options })

function admin(gateway: TestGateway, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, ...init.headers }
  return fetch(`${gateway.url}/admin/api${path}`, { ...init, headers })
}

const act = (gateway: TestGateway, account: string, action: string) =>
  admin(gateway, `/accounts/${account}/${action}`, { method: 'POST' })

async function inDefault(gateway: TestGateway, account: string) {
  const { pools } = (await (await admin(gateway, `/accounts/${account}`)).json()) as {
    pools: Record<string, Record<string, unknown>>
  }
  return pools['default']!
}

let conversations = 0
const ask = (gateway: TestGateway, more: object = {}) =>
  gateway.fetch('/v1/responses', { json: { model, input: `hello ${++conversations}`, ...more } })

describe('who may use the admin API', () => {
  const paths = [
    ['GET', '/accounts'],
    ['GET', '/accounts/a1'],
    ['GET', '/events'],
    ['GET', '/decisions'],
    ['POST', '/accounts/a1/disable'],
    ['POST', '/reload'],
    ['GET', '/nothing-here'],
    ['DELETE', '/accounts'],
    ['GET', '/accounts/%zz'],
  ] as const

  it.each(paths)('%s %s is refused without the token, whatever else is presented', async (method, path) => {
    const gateway = await start()
    const wrong: Record<string, string>[] = [
      {},
      { authorization: `Bearer ${gateway.key()}` },
      { authorization: `Bearer ${gateway.upstreamKey('a1')}` },
      { authorization: `Bearer ${token}x` },
      { authorization: `Basic ${btoa(`admin:${token}`)}` },
      { authorization: token },
      { 'x-api-key': token },
      { cookie: `token=${token}` },
    ]
    for (const headers of wrong) {
      const answer = await fetch(`${gateway.url}/admin/api${path}`, { method, headers })
      const { error } = (await answer.json()) as { error: { code: string } }
      expect([answer.status, error.code]).toEqual([401, expect.stringMatching(/^admin_token_/)])
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    }
    expect(await inDefault(gateway, 'a1')).toMatchObject({ state: 'active' })
  })

  it('nobody, and it is not there, when no token is configured', async () => {
    const gateway = await gatewayForTest({ accounts: twoAccounts })
    for (const path of ['/accounts', '/accounts/a1/disable', '/reload']) {
      const answer = await admin(gateway, path)
      expect([answer.status, await answer.json()]).toMatchObject([404, { error: { code: 'unknown_route' } }])
    }
  })

  it('is where clients’ requests do not come: the token is no client key', async () => {
    const gateway = await start()
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await fetch(`${gateway.url}/v1/responses`, { method: 'POST', headers, body: '{}' })
    expect(answer.status).toBe(401)
  })

  it('an address that guesses has to wait, also when it guesses right at last', async () => {
    const gateway = await start()
    const statuses: number[] = []
    for (let guess = 0; guess < 12; guess++) {
      const headers = { authorization: `Bearer guess-number-${guess}` }
      statuses.push((await fetch(`${gateway.url}/admin/api/accounts`, { headers })).status)
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429])
    const right = await admin(gateway, '/accounts')
    expect(right.status).toBe(429)
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0)
    // Clients of the data plane are none of its business.
    expect((await ask(gateway)).status).toBe(200)
  })

  it('behind a trusted proxy, the address that guesses is the one that waits, not all that come by the proxy', async () => {
    const gateway = await start({ server: { trustedProxies: ['127.0.0.1'] } })
    const from = async (address: string, presented: string) => {
      const headers = { authorization: `Bearer ${presented}`, 'x-forwarded-for': address }
      return (await fetch(`${gateway.url}/admin/api/accounts`, { headers })).status
    }
    for (let guess = 0; guess < 10; guess++) await from('192.0.2.1', `guess-number-${guess}`)
    expect([await from('192.0.2.1', token), await from('192.0.2.2', token)]).toEqual([429, 200])
  })

  it('follows a reload that changes the token', async () => {
    const gateway = await start()
    await gateway.reload({ accounts: twoAccounts, adminToken: 'another-token-0123456789' })
    expect((await admin(gateway, '/accounts')).status).toBe(401)
    const headers = { authorization: 'bearer another-token-0123456789' }
    expect((await admin(gateway, '/accounts', { headers })).status).toBe(200)
    await gateway.reload({ accounts: twoAccounts })
    expect((await admin(gateway, '/accounts', { headers })).status).toBe(404)
  })
})

describe('what the admin API answers', () => {
  it('tells of every account, by pool, with what is left of its limits', async () => {
    const profile = { rateLimit: { requestsPerMinute: 100 } }
    const gateway = await start({
      accounts: [{ id: 'a1', profile, config: { concurrency: 3, limitDomain: 'p' } }],
    })
    await (await ask(gateway)).text()
    const answer = await admin(gateway, '/accounts')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toEqual({
      accounts: [
        {
          id: 'a1',
          kind: 'openai-compatible',
          priority: expect.any(Number),
          stateDomain: 'a1',
          limitDomain: 'p',
          pools: {
            default: {
              state: 'active',
              reason: null,
              override: null,
              inUse: 0,
              limit: 3,
              waiting: 0,
              errorRate: 0,
              ttftMs: null,
              slowness: expect.any(Number),
              availableInMs: 0,
              limits: [
                {
                  model,
                  requests: { limit: 100, remaining: 99, reserved: 0, resetInMs: expect.any(Number) },
                },
              ],
            },
          },
        },
      ],
    })
  })

  it('never tells a secret', async () => {
    const gateway = await start()
    gateway.mock.fault({ account: 'a1', fault: { kind: 'status', status: 401 } })
    for (let i = 0; i < 6; i++) await (await ask(gateway)).text()
    for (const path of ['/accounts', '/accounts/a1', '/events', '/decisions', '/nothing', '/accounts/none']) {
      const text = await (await admin(gateway, path)).text()
      for (const secret of [token, gateway.key(), gateway.upstreamKey('a1'), gateway.upstreamKey('a2')])
        expect(text).not.toContain(secret)
    }
  })

  it('refuses what is not there, and other methods with those it has', async () => {
    const gateway = await start()
    const rows: readonly (readonly [string, string, number, string, string | null])[] = [
      ['GET', '/accounts/none', 404, 'account_not_found', null],
      ['POST', '/accounts/none/drain', 404, 'account_not_found', null],
      ['POST', '/accounts/a1/explode', 404, 'unknown_route', null],
      ['GET', '/decisions/default/999999', 404, 'decision_not_found', null],
      ['GET', '/decisions/default/abc', 404, 'decision_not_found', null],
      ['GET', '/decisions/none/1', 404, 'decision_not_found', null],
      ['GET', '/events?limit=0', 400, 'invalid_value', null],
      ['GET', '/events?limit=1e3', 400, 'invalid_value', null],
      ['GET', '/decisions?limit=1&limit=2', 400, 'invalid_value', null],
      ['DELETE', '/accounts', 405, 'method_not_allowed', 'GET, HEAD'],
      ['GET', '/accounts/a1/drain', 405, 'method_not_allowed', 'POST'],
      ['PUT', '/accounts/a1', 405, 'method_not_allowed', 'GET, HEAD'],
      ['POST', '/reload', 409, 'reload_unavailable', null],
    ]
    for (const [method, path, status, code, allow] of rows) {
      const answer = await admin(gateway, path, { method })
      const body = (await answer.json()) as { error: { code: string }; request_id: string }
      expect([path, answer.status, body.error.code]).toEqual([path, status, code])
      expect(body.request_id).toBe(answer.headers.get('x-request-id'))
      expect(answer.headers.get('allow')).toBe(allow)
    }
    expect(await inDefault(gateway, 'a1')).toMatchObject({ state: 'active', override: null })
  })

  it('ignores a body, of any kind and size', async () => {
    const gateway = await start()
    const bodies = ['{"a":', 'x'.repeat(3 << 20), '']
    for (const body of bodies) {
      const headers = { 'content-type': 'application/json' }
      const answer = await admin(gateway, '/accounts/a1/drain', { method: 'POST', headers, body })
      expect(answer.status).toBe(200)
      await answer.text()
    }
  })

  it('explains a decision', async () => {
    const gateway = await start()
    await (await ask(gateway)).text()
    const { decisions } = (await (await admin(gateway, '/decisions?limit=5')).json()) as {
      decisions: { pool: string; id: number; account: string }[]
    }
    const [{ pool, id, account }] = decisions as [(typeof decisions)[number]]
    const one = (await (await admin(gateway, `/decisions/${pool}/${id}`)).json()) as { text: string }
    expect(one.text).toContain(account)
    expect(one.text).toContain(`asked pool ${pool}`)
  })

  it('reloads the file, or says everything that is wrong with it', async () => {
    let next: TestGatewayOptions = { accounts: twoAccounts, adminToken: token }
    const gateway = await start({ readConfig: async () => next })
    next = { ...next, accounts: [...twoAccounts, { id: 'a3' }] }
    const done = await admin(gateway, '/reload', { method: 'POST' })
    expect([done.status, await done.json()]).toMatchObject([
      200,
      { status: 'reloaded', accounts: 3, pools: 1 },
    ])
    next = { ...next, pools: { default: { accounts: ['a9'], blocks: [{ status: 1 }] } } }
    const refused = await admin(gateway, '/reload', { method: 'POST' })
    const body = (await refused.json()) as { error: { code: string }; problems: string[] }
    expect([refused.status, body.error.code]).toEqual([422, 'config_rejected'])
    expect(body.problems.join('\n')).toMatch(/blocks\[0\]/)
    expect(((await (await admin(gateway, '/accounts')).json()) as { accounts: [] }).accounts).toHaveLength(3)
  })
})

describe('an operator’s word', () => {
  it('drains an account: its conversations go on, nothing new comes, and enable takes it back', async () => {
    const gateway = await start()
    const first = (await (await ask(gateway)).json()) as { id: string }
    const owner = accountsAsked(gateway.mock)[0]!
    expect(await (await act(gateway, owner, 'drain')).json()).toMatchObject({
      id: owner,
      pools: { default: { state: 'draining', reason: 'operator', override: 'drain' } },
    })
    for (let i = 0; i < 10; i++) await (await ask(gateway)).text()
    expect(accountsAsked(gateway.mock).slice(1)).not.toContain(owner)
    const next = await ask(gateway, { previous_response_id: first.id })
    expect(next.status).toBe(200)
    await next.text()
    expect(accountsAsked(gateway.mock).at(-1)).toBe(owner)
    await act(gateway, owner, 'enable')
    for (let i = 0; i < 20; i++) await (await ask(gateway)).text()
    expect(accountsAsked(gateway.mock).slice(12)).toContain(owner)
  })

  it('stands beside the file’s own, which only the file takes back', async () => {
    const drained = [{ id: 'a1', config: { draining: true } }, { id: 'a2' }]
    const gateway = await start({ accounts: drained })
    for (let i = 0; i < 6; i++) await (await ask(gateway)).text()
    expect(accountsAsked(gateway.mock)).not.toContain('a1')
    await act(gateway, 'a1', 'enable')
    expect(await inDefault(gateway, 'a1')).toMatchObject({ state: 'draining', reason: 'configuration' })
    await gateway.reload({ accounts: twoAccounts, adminToken: token })
    expect(await inDefault(gateway, 'a1')).toMatchObject({ state: 'active' })
  })

  it('is heard while the process is overloaded and turns clients away', async () => {
    const load = { heap: 0, loopLagMs: 0 }
    const gateway = await start({ probe: { read: () => ({ ...load }), close() {} } })
    load.heap = 0.95
    await eventually(async () => (await ask(gateway)).status === 503)
    expect(await (await act(gateway, 'a1', 'drain')).json()).toMatchObject({
      pools: { default: { state: 'draining' } },
    })
  })

  it('disables an account for conversations as well, in all its pools, and over reloads', async () => {
    const pools = { default: { accounts: ['*'] }, other: { accounts: ['a1'] } }
    const gateway = await start({ pools })
    await act(gateway, 'a1', 'disable')
    await gateway.reload({
      accounts: twoAccounts,
      adminToken: token,
      pools: { ...pools, default: { scheduler: { profile: 'load-aware' } }, third: { accounts: ['a1'] } },
    })
    const { pools: seen } = (await (await admin(gateway, '/accounts/a1')).json()) as {
      pools: Record<string, { state: string }>
    }
    expect(Object.entries(seen).map(([pool, { state }]) => [pool, state])).toEqual([
      ['default', 'disabled'],
      ['other', 'disabled'],
      ['third', 'disabled'],
    ])
    for (let i = 0; i < 6; i++) await (await ask(gateway)).text()
    expect(accountsAsked(gateway.mock)).not.toContain('a1')
  })

  it('brings an account back whose quota was spent and is paid for', async () => {
    const gateway = await start({ accounts: [{ id: 'a1' }] })
    const fault = {
      kind: 'status',
      status: 429,
      code: 'insufficient_quota',
      type: 'insufficient_quota',
    } as const
    gateway.mock.fault({ fault, times: 1 })
    expect((await ask(gateway)).status).toBe(429)
    expect(await inDefault(gateway, 'a1')).toMatchObject({ state: 'cooling_down', reason: 'quota_exhausted' })
    expect((await ask(gateway)).status).toBe(503)
    await act(gateway, 'a1', 'enable')
    expect((await ask(gateway)).status).toBe(200)
    const { events } = (await (await admin(gateway, '/accounts/a1/events')).json()) as {
      events: { from: string; to: string; reason: string; pool: string }[]
    }
    expect(events.map(({ from, to, reason }) => `${from} > ${to}: ${reason}`)).toEqual([
      'cooling_down > active: operator',
      'active > cooling_down: quota_exhausted',
    ])
    expect(
      await gateway.metric(
        'headgate_account_events_total{pool="default",account="a1",to="cooling_down",reason="quota_exhausted"}',
      ),
    ).toBe(1)
  })

  it('is told in the decision log, among the requests that met it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-admin-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const path = join(folder, 'decisions.jsonl')
    const gateway = await start({ telemetry: { decisionLog: { path } } })
    await (await ask(gateway)).text()
    await act(gateway, 'a1', 'drain')
    await (await ask(gateway)).text()
    await gateway.close()
    const lines = (await readFile(path, 'utf8')).trim().split('\n')
    const read = lines.map(line => JSON.parse(line) as Record<string, unknown>)
    expect(read.map(({ kind }) => kind)).toEqual(['request', 'account', 'request'])
    expect(read[1]).toMatchObject({
      pool: 'default',
      account: 'a1',
      from: 'active',
      to: 'draining',
      reason: 'operator',
    })
  })

  it('resets what was learned of an account', async () => {
    const gateway = await start({ accounts: [{ id: 'a1' }] })
    gateway.mock.fault({ fault: { kind: 'status', status: 429, retryAfterMs: 50_000 }, times: 1 })
    expect((await ask(gateway)).status).toBe(429)
    const refused = { state: 'active', limits: [{ refusedForMs: expect.any(Number) }] }
    expect(await inDefault(gateway, 'a1')).toMatchObject(refused)
    expect(await (await act(gateway, 'a1', 'reset')).json()).toMatchObject({
      pools: { default: { state: 'active', availableInMs: 0 } },
    })
    expect((await ask(gateway)).status).toBe(200)
  })

  it('is heard while all slots are taken and requests wait', async () => {
    const gateway = await start({ accounts: [{ id: 'a1', config: { concurrency: 1 } }, { id: 'a2' }] })
    await act(gateway, 'a2', 'disable')
    gateway.mock.fault({ account: 'a1', fault: { kind: 'stall', afterEvents: 3 }, times: 1 })
    const slow = await ask(gateway, { stream: true, store: false })
    const waiting = ask(gateway)
    await act(gateway, 'a2', 'enable')
    expect((await waiting).status).toBe(200)
    expect(accountsAsked(gateway.mock).at(-1)).toBe('a2')
    await slow.body?.cancel()
  })
})
