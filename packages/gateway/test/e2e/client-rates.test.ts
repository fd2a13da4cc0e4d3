/** What a client may do in a minute, and how its answers tell it. */
import { describe, expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { generations } from '../fixtures/mock-log.ts'

const model = 'gpt-5.1'
const gatewayWith = (rates: object) =>
  gatewayForTest({ clients: [{ name: 'limited', rates }, { name: 'free' }] })

const ask = (gateway: TestGateway, body: object = {}, client = 'limited') =>
  gateway.fetch('/v1/responses', { client, json: { model, input: 'x', ...body } })

/** The client's own limits as an answer tells them: without `x-ratelimit-`, resets left out. */
function limits(answer: Response): Record<string, string> {
  const told = [...answer.headers].filter(([name]) => name.startsWith('x-ratelimit-'))
  return Object.fromEntries(
    told
      .map(([name, value]) => [name.slice('x-ratelimit-'.length), value])
      .filter(([name]) => !name!.startsWith('reset')),
  )
}

describe('a client with requests a minute', () => {
  it('is refused beyond them with a time to come back, and nobody else is', async () => {
    const gateway = await gatewayWith({ requestsPerMinute: 2 })
    for (const left of ['1', '0']) {
      const answer = await ask(gateway)
      expect(answer.status).toBe(200)
      expect(limits(answer)).toEqual({ 'limit-requests': '2', 'remaining-requests': left })
    }
    const refused = await ask(gateway)
    expect([refused.status, (await refused.json()).error.code]).toEqual([429, 'client_rate_limited'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
    expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^(1m0|5\d(\.\d)?)s$/)
    expect(limits(refused)).toEqual({ 'limit-requests': '2', 'remaining-requests': '0' })
    expect(generations(gateway.mock)).toHaveLength(2)
    expect((await ask(gateway, {}, 'free')).status).toBe(200)
  })

  it('may still read what it made, and look at the models', async () => {
    const gateway = await gatewayWith({ requestsPerMinute: 1 })
    const { id } = await (await ask(gateway)).json()
    for (const path of ['/v1/models', `/v1/responses/${id}`]) {
      expect((await gateway.fetch(path, { client: 'limited' })).status).toBe(200)
    }
  })

  it('is told so on streams and on errors of its own too', async () => {
    const gateway = await gatewayWith({ requestsPerMinute: 9 })
    const stream = await ask(gateway, { stream: true })
    expect(limits(stream)).toEqual({ 'limit-requests': '9', 'remaining-requests': '8' })
    await stream.text()
    const wrong = await ask(gateway, { stream: 'maybe' })
    expect(wrong.status).toBe(400)
    expect(limits(wrong)).toEqual({ 'limit-requests': '9', 'remaining-requests': '7' })
  })
})

describe('a client with tokens a minute', () => {
  it('is charged by estimate first, and by what the answer reports at its end', async () => {
    const gateway = await gatewayWith({ tokensPerMinute: 10_000 })
    const first = await ask(gateway, { max_output_tokens: 8000 })
    expect(Number(limits(first)['remaining-tokens'])).toBeLessThan(2000)
    const { usage } = await first.json()
    const used = usage.input_tokens + usage.output_tokens
    expect(used).toBeLessThan(200)
    // The same again fits only because what the first did not use was given back.
    const second = await ask(gateway, { max_output_tokens: 8000 })
    expect(second.status).toBe(200)
    expect(Number(limits(second)['remaining-tokens'])).toBeLessThan(2000)
  })

  it('pays nothing for what upstreams refused', async () => {
    const gateway = await gatewayWith({ tokensPerMinute: 10_000 })
    gateway.mock.fault({ fault: { kind: 'status', status: 500 }, times: 3 })
    expect((await ask(gateway, { max_output_tokens: 8000 })).status).toBe(500)
    expect((await ask(gateway, { max_output_tokens: 8000 })).status).toBe(200)
  })

  it('is refused when the estimate does not fit, and charged nothing for it', async () => {
    const gateway = await gatewayWith({ tokensPerMinute: 10_000 })
    gateway.mock.fault({ fault: { kind: 'stall' }, times: 1 })
    const leaving = new AbortController()
    const running = gateway.fetch('/v1/responses', {
      client: 'limited',
      json: { model, input: 'x', max_output_tokens: 6000 },
      signal: leaving.signal,
    })
    await eventually(() => generations(gateway.mock).length === 1)
    const refused = await ask(gateway, { max_output_tokens: 6000 })
    expect([refused.status, (await refused.json()).error.code]).toEqual([429, 'client_rate_limited'])
    expect((await ask(gateway, { max_output_tokens: 1000 })).status).toBe(200)
    leaving.abort()
    await expect(running).rejects.toThrow()
  })
})

it('no limits are told to a client that has none, although the upstream sends its own', async () => {
  const rateLimit = { requestsPerMinute: 100, tokensPerMinute: 100_000 }
  const gateway = await gatewayForTest({ accounts: [{ id: 'a1', profile: { rateLimit } }] })
  const answer = await gateway.fetch('/v1/responses', { json: { model, input: 'x' } })
  expect(answer.status).toBe(200)
  expect(limits(answer)).toEqual({})
})
