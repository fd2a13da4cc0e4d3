/** What one party may learn of another: tenants of each other, clients of the upstream accounts, and the reverse. */
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { generations, misrouted } from '../fixtures/mock-log.ts'

const model = 'gpt-5.1'

/** An answer as far as it may differ: without the request's own id, date, and the id asked for. */
async function told(
  answer: Response,
  id: string,
): Promise<{ status: number; headers: string[]; body: string }> {
  const text = await answer.text()
  const requestId = answer.headers.get('x-request-id')!
  return {
    status: answer.status,
    headers: [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id').flat(),
    body: text.replaceAll(requestId, '<request>').replaceAll(id, '<id>'),
  }
}

describe("another tenant's response", () => {
  const clients = [{ name: 'alice' }, { name: 'mallory' }, { name: 'alice-2', tenant: 'alice' }]

  const ways = [
    [
      'continue it',
      (gateway: TestGateway, id: string) =>
        gateway.fetch('/v1/responses', {
          client: 'mallory',
          json: { model, input: 'x', previous_response_id: id },
        }),
    ],
    [
      'continue it as a stream',
      (gateway: TestGateway, id: string) =>
        gateway.fetch('/v1/responses', {
          client: 'mallory',
          json: { model, input: 'x', previous_response_id: id, stream: true },
        }),
    ],
    [
      'retrieve it',
      (gateway: TestGateway, id: string) => gateway.fetch(`/v1/responses/${id}`, { client: 'mallory' }),
    ],
    [
      'delete it',
      (gateway: TestGateway, id: string) =>
        gateway.fetch(`/v1/responses/${id}`, { client: 'mallory', method: 'DELETE' }),
    ],
  ] as const

  it.each(ways)('looks to whoever would %s like one that never was', async (_, attempt) => {
    const gateway = await gatewayForTest({ clients })
    const { id } = await gateway.sdk('alice').responses.create({ model, input: 'secret' })
    const unknown = `${id.slice(0, -6)}ffffff`
    const before = gateway.mock.requests().length
    const foreign = await told(await attempt(gateway, id), id)
    expect(foreign).toEqual(await told(await attempt(gateway, unknown), unknown))
    expect(foreign.status).toBeGreaterThanOrEqual(400)
    expect(gateway.mock.requests()).toHaveLength(before)
    expect((await gateway.sdk('alice').responses.retrieve(id)).id).toBe(id)
  })

  it('is shared by the clients of one tenant', async () => {
    const gateway = await gatewayForTest({ clients })
    const first = await gateway.sdk('alice').responses.create({ model, input: 'x' })
    const second = await gateway
      .sdk('alice-2')
      .responses.create({ model, input: 'y', previous_response_id: first.id })
    expect(second.output_text).toContain('turn 2')
    expect(misrouted(gateway.mock)).toEqual([])
  })

  it('does not lend its session: equal keys of two tenants are two sessions', async () => {
    const gateway = await gatewayForTest({ clients })
    const hits = () =>
      gateway.metric('headgate_decisions_total{pool="default",layer="session_hash",result="selected"}')
    const ask = (client: string) =>
      gateway.sdk(client).responses.create({ model, input: 'x', prompt_cache_key: 'same', store: false })
    await ask('alice')
    await ask('alice')
    expect(await hits()).toBe(1)
    await ask('mallory')
    expect(await hits()).toBe(1)
    await ask('alice-2')
    expect(await hits()).toBe(2)
  })
})

describe("an upstream's secrets", () => {
  /** All a client can see of an answer. */
  const everything = async (answer: Response): Promise<string> =>
    JSON.stringify([[...answer.headers], answer.statusText, await answer.text()])

  const identity = {
    'set-cookie': '__cf_bm=canary-cookie',
    'openai-organization': 'org-canary',
    'openai-project': 'proj_canary',
    'x-ms-region': 'canary-region',
    'apim-request-id': 'canary-apim',
    'cf-ray': 'canary-ray',
    server: 'canary-server',
    'x-ratelimit-remaining-tokens': 'canary-limit',
    location: 'http://canary-host.internal/',
  }

  it.each([200, 400, 401, 403, 404, 429, 500, 503])('stay inside when it answers %i', async status => {
    const gateway = await gatewayForTest({
      accounts: [{ id: 'a1' }],
      pools: { default: { scheduler: { wait: { timeout: '100ms' } } } },
    })
    const key = gateway.upstreamKey('a1')
    const message = `Incorrect API key provided: ${key.slice(0, 12)}...${key.slice(-4)} of org-canary`
    const body =
      status === 200
        ? { id: 'resp_canary', object: 'response', status: 'completed', output: [] }
        : {
            error: {
              message,
              type: 'invalid_request_error',
              param: null,
              code: status === 400 ? null : 'canary',
            },
          }
    const scrubbed =
      status === 400 || status === 404 ? { ...body, error: { ...body.error, message: 'no' } } : body
    gateway.mock.fault({ fault: { kind: 'status', status, headers: identity, body: scrubbed } })
    for (const stream of [false, true]) {
      const seen = await everything(
        await gateway.fetch('/v1/responses', { json: { model, input: 'x', stream } }),
      )
      expect(seen).not.toMatch(/org-canary|proj_canary|canary-/)
      expect(seen).not.toContain('sk-upstream')
      expect(seen).not.toContain(key.slice(-6))
    }
  })

  it('stay inside when the connection to it fails', async () => {
    const gateway = await gatewayForTest({
      accounts: [{ id: 'the-account', config: { baseUrl: 'http://127.0.0.1:9/canary' } }],
    })
    const seen = await everything(await gateway.fetch('/v1/responses', { json: { model, input: 'x' } }))
    expect(seen).not.toMatch(/127\.0\.0\.1|canary|ECONNREFUSED|sk-upstream|the-account/)
  })

  it('are all it is told: what the client says of itself goes no further', async () => {
    const gateway = await gatewayForTest({ accounts: [{ id: 'a1' }] })
    const sdk = new OpenAI({
      apiKey: gateway.key(),
      baseURL: `${gateway.url}/v1`,
      organization: 'org-client',
      project: 'proj-client',
      maxRetries: 0,
      defaultHeaders: {
        cookie: 'client-cookie=1',
        'x-forwarded-for': '10.9.8.7',
        forwarded: 'for=10.9.8.7',
        'x-account-id': 'other-account',
        'x-headgate-account': 'other-account',
      },
    })
    await sdk.responses.create({ model, input: 'x' })
    const [seen] = generations(gateway.mock)
    const text = JSON.stringify(seen!.headers)
    expect(text).not.toMatch(/org-client|proj-client|client-cookie|10\.9\.8\.7|other-account/)
    expect(text).not.toContain(gateway.key().slice(-6))
    expect(seen!.headers['authorization']!.slice(-4)).toBe(gateway.upstreamKey('a1').slice(-4))
  })
})
