/** Clients that send their whole history and no key, as most SDKs do by themselves. The mock's own log is the judge. */
import { describe, expect, it } from 'vitest'
import { gatewayForTest, type TestAccount, type TestGateway } from '../fixtures/gateway.ts'
import { generations } from '../fixtures/mock-log.ts'

const model = 'gpt-5.1'
const accounts: readonly TestAccount[] = ['a1', 'a2', 'a3', 'a4', 'a5'].map(id => ({ id }))

type Message = { role: 'system' | 'user' | 'assistant'; content: string }

/** Three turns each of eight conversations, interleaved; where each went. */
async function converse(gateway: TestGateway): Promise<string[][]> {
  const sdk = gateway.sdk()
  const histories = Array.from({ length: 8 }, (_, index): Message[] => [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: `Question ${index}` },
  ])
  for (let turn = 1; turn <= 3; turn++) {
    for (const messages of histories) {
      const { choices } = await sdk.chat.completions.create({ model, messages })
      messages.push({ role: 'assistant', content: choices[0]!.message.content ?? '' })
      messages.push({ role: 'user', content: `More, ${turn}` })
    }
  }
  const asked = generations(gateway.mock).map(({ account }) => account!)
  return histories.map((_, index) => asked.filter((_, at) => at % histories.length === index))
}

describe('a client that sends its whole history and no key', () => {
  it('is led back to the account where its conversation is warm', async () => {
    const places = await converse(await gatewayForTest({ accounts }))
    for (const place of places) expect(new Set(place).size).toBe(1)
    expect(new Set(places.flat()).size).toBeGreaterThan(1)
  })

  it('is sent anywhere when the pool makes no fingerprints', async () => {
    const places = await converse(
      await gatewayForTest({ accounts, pools: { default: { accounts: ['*'], fingerprint: false } } }),
    )
    expect(places.some(place => new Set(place).size > 1)).toBe(true)
  })
})

describe('prompt_cache_key', () => {
  const azure = { id: 'az', config: { kind: 'azure' } }
  const mock = { captureBodies: true }

  async function keysSent(gateway: TestGateway, body: object, headers: Record<string, string> = {}) {
    for (const path of ['/v1/responses', '/v1/chat/completions']) {
      const of = path.endsWith('responses') ? { input: 'x' } : { messages: [{ role: 'user', content: 'x' }] }
      await (await gateway.fetch(path, { json: { model, ...of, ...body }, headers })).text()
    }
    return generations(gateway.mock).map(({ body }) => JSON.parse(body!).prompt_cache_key as unknown)
  }

  it('is filled in for a session without one, the same on both wires', async () => {
    const keys = await keysSent(
      await gatewayForTest({ accounts: [azure], mock }),
      {},
      { 'x-session-id': 's' },
    )
    expect(keys).toEqual([expect.stringMatching(/^hg-[0-9a-f]{32}$/), keys[0]])
  })

  it('is the client’s own when it sends one', async () => {
    const gateway = await gatewayForTest({ accounts: [azure], mock })
    expect(await keysSent(gateway, { prompt_cache_key: 'mine' })).toEqual(['mine', 'mine'])
  })

  it('is not sent to servers that may not know it, nor where the pool says no', async () => {
    expect(await keysSent(await gatewayForTest({ accounts: [{ id: 'c' }], mock }), {})).toEqual([
      undefined,
      undefined,
    ])
    const pools = { default: { accounts: ['*'], fillPromptCacheKey: false } }
    expect(await keysSent(await gatewayForTest({ accounts: [azure], mock, pools }), {})).toEqual([
      undefined,
      undefined,
    ])
  })
})
