/** What an overloaded gateway still does, and what it does not. */
import { describe, expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'

const model = 'gpt-5.1'

/** A gateway whose load is what the test says. */
async function world(clients: readonly { readonly name: string; readonly priority?: number }[]) {
  const load = { heap: 0, loopLagMs: 0 }
  const probe = { read: () => ({ ...load }), close() {} }
  const gateway = await gatewayForTest({ clients, probe })
  const reaches = (level: number) =>
    eventually(async () => (await gateway.metric('headgate_overload_level')) === level)
  return { gateway, load, reaches }
}

let asked = 0

/** A conversation of its own, unless `body` continues one. */
async function ask(gateway: TestGateway, client: string, body: object = {}): Promise<Response> {
  return await gateway.fetch('/v1/responses', { client, json: { model, input: `${++asked}`, ...body } })
}

async function codeOf(answer: Response): Promise<string | number> {
  return answer.status === 200 ? 200 : (await answer.json()).error.code
}

describe('an overloaded gateway', () => {
  it('turns new work away, with a time to come back, before it reaches an upstream', async () => {
    const { gateway, load, reaches } = await world([{ name: 'app' }])
    load.heap = 0.9
    await reaches(1)
    const answer = await ask(gateway, 'app')
    expect([answer.status, (await answer.json()).error.code]).toEqual([503, 'gateway_overloaded'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(5)
    const conversation = await gateway.fetch('/v1/conversations', { json: {} })
    expect([conversation.status, await codeOf(conversation)]).toEqual([503, 'gateway_overloaded'])
    expect(gateway.mock.requests()).toHaveLength(0)
  })

  it('goes on with what was begun: stored conversations, warm sessions, running streams', async () => {
    const { gateway, load, reaches } = await world([{ name: 'app' }])
    const stored = (await (await ask(gateway, 'app')).json()) as { id: string }
    await ask(gateway, 'app', { prompt_cache_key: 'warm' })
    load.loopLagMs = 500
    await reaches(1)
    expect(await codeOf(await ask(gateway, 'app', { previous_response_id: stored.id }))).toBe(200)
    expect(await codeOf(await ask(gateway, 'app', { prompt_cache_key: 'warm' }))).toBe(200)
    expect(await codeOf(await ask(gateway, 'app', { prompt_cache_key: 'cold' }))).toBe('gateway_overloaded')
    for (const path of [`/v1/responses/${stored.id}`, '/v1/models', '/health', '/ready', '/metrics']) {
      expect([path, (await gateway.fetch(path)).status]).toEqual([path, 200])
    }
  })

  it('turns away the lowest priority first, and lets the highest in first', async () => {
    const { gateway, load, reaches } = await world([
      { name: 'batch', priority: -10 },
      { name: 'app' },
      { name: 'vip', priority: 5 },
    ])
    const who = async () => {
      const answers = ['batch', 'app', 'vip'].map(async client => await codeOf(await ask(gateway, client)))
      return (await Promise.all(answers)).map(code => code === 200)
    }
    load.heap = 0.9
    await reaches(1)
    load.heap = 0.84
    expect(await who()).toEqual([false, true, true])
    load.heap = 0.9
    await reaches(3)
    load.heap = 0.84
    expect(await who()).toEqual([false, false, false])
    load.heap = 0
    await reaches(2)
    load.heap = 0.84
    expect(await who()).toEqual([false, false, true])
  })
})
