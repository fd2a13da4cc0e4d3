import { afterEach, expect, it } from 'vitest'
import {
  createManualClock,
  createMockUpstream,
  type MockUpstream,
  type MockUpstreamOptions,
} from '../src/index.ts'
import { KEY } from './raw-client.ts'

let upstream: MockUpstream
afterEach(() => upstream.close())

async function start(options: MockUpstreamOptions = {}): Promise<void> {
  upstream = await createMockUpstream(options)
}
const chat = (headers: Record<string, string> = { authorization: `Bearer ${KEY}` }, text = 'hello') =>
  fetch(`${upstream.url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: text }] }),
  })

it('sends the headers of the real service, the ones that must not leak among them', async () => {
  await start()
  const { headers } = await chat()
  expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{36}$/)
  expect(headers.get('openai-version')).toBe('2020-10-01')
  expect(headers.get('openai-processing-ms')).toMatch(/^\d+$/)
  expect(headers.get('openai-organization')).toMatch(/^org-/)
  expect(headers.get('openai-project')).toMatch(/^proj_/)
  expect(headers.get('set-cookie')).toMatch(/^__cf_bm=/)
})

it('takes the key from api-key, under the path of Azure', async () => {
  await start({ accounts: { [KEY]: { name: 'azure' } } })
  const response = await fetch(`${upstream.url}/openai/v1/models`, { headers: { 'api-key': KEY } })
  expect(response.status).toBe(200)
  expect(upstream.control.requests()[0]).toMatchObject({ account: 'azure', endpoint: 'models.list' })
})

it('answers 401 without a key, 404 for an unknown path, 405 for a wrong method', async () => {
  await start()
  expect((await chat({})).status).toBe(401)
  const headers = { authorization: `Bearer ${KEY}` }
  const missing = await fetch(`${upstream.url}/v1/nothing`, { headers })
  expect(await missing.json()).toMatchObject({
    error: { message: 'Invalid URL (GET /v1/nothing)', code: null },
  })
  expect((await fetch(`${upstream.url}/v1/embeddings`, { headers })).status).toBe(405)
  expect((await fetch(`${upstream.url}/v1/responses/..%2fmodels`, { headers })).status).toBe(404)
})

it('limits requests by a bucket of the injected clock, with headers that tell the truth', async () => {
  const clock = createManualClock()
  await start({ clock, defaults: { rateLimit: { requestsPerMinute: 2, tokensPerMinute: 1000 } } })
  const first = await chat()
  expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2')
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1')
  expect(first.headers.get('x-ratelimit-reset-requests')).toBe('30s')
  const { usage } = (await first.json()) as { usage: { total_tokens: number } }
  expect(first.headers.get('x-ratelimit-remaining-tokens')).toBe(String(1000 - usage.total_tokens))
  await chat()
  const refused = await chat()
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('30')
  expect(refused.headers.get('retry-after-ms')).toBe('30000')
  expect(await refused.json()).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded' } })
  clock.advance(30_000)
  expect((await chat()).status).toBe(200)
  expect(upstream.control.stats().total).toMatchObject({ rateLimited: 1, byStatus: { 200: 3, 429: 1 } })
})

it('limits tokens, and says when a request can never fit', async () => {
  await start({ clock: createManualClock(), defaults: { rateLimit: { tokensPerMinute: 40 } } })
  expect((await chat()).status).toBe(200)
  const refused = await chat(undefined, 'hello '.repeat(15))
  expect(await refused.json()).toMatchObject({ error: { type: 'tokens', code: 'rate_limit_exceeded' } })
  const never = await chat(undefined, 'hello '.repeat(50))
  expect(never.headers.get('retry-after')).toBeNull()
  expect(await never.json()).toMatchObject({
    error: { message: expect.stringContaining('Request too large') },
  })
})

it('keeps a log of what it received, with credentials masked', async () => {
  await start({ requestLog: 2, captureBodies: true })
  for (const text of ['one', 'two', 'three'])
    await chat({ authorization: `Bearer ${KEY}`, 'x-canary': text }, text)
  const log = upstream.control.requests()
  expect(log.map(record => record.headers['x-canary'])).toEqual(['two', 'three'])
  expect(log[0]).toMatchObject({ model: 'gpt-4o', status: 200, aborted: false, account: 'account-1' })
  expect(log[0]!.headers['authorization']).toBe('Bearer ***6789')
  expect(JSON.parse(log[0]!.body!)).toMatchObject({ messages: [{ content: 'two' }] })
  expect(log[0]!.endedAt).toBeGreaterThanOrEqual(log[0]!.startedAt)
})
