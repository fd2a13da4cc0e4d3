import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMockUpstream, type Fault, type MockUpstream } from '../src/index.ts'
import { KEY, until } from './raw-client.ts'

let upstream: MockUpstream
beforeAll(async () => {
  upstream = await createMockUpstream()
})
afterAll(() => upstream.close())

const FIELDS = [
  'model',
  'input',
  'messages',
  'stream',
  'stream_options',
  'instructions',
  'previous_response_id',
  'background',
  'store',
  'max_output_tokens',
  'max_tokens',
  'dimensions',
  'encoding_format',
  'metadata',
  'tools',
  'conversation',
  'include',
  'items',
  'name',
  'file_ids',
  'input_file_id',
  'endpoint',
]
const PATHS = [
  ...['responses', 'responses/compact', 'responses/input_tokens', 'chat/completions', 'embeddings'],
  ...['conversations', 'vector_stores', 'containers', 'batches'],
]

it('answers any body with JSON or a stream, and with 200 or a client error', async () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.array(
      fc.record({ role: fc.constantFrom('user', 'system', 7), content: fc.jsonValue({ maxDepth: 2 }) }),
    ),
    fc.boolean(),
    fc.string(),
  )
  const body = fc
    .dictionary(fc.constantFrom(...FIELDS), value)
    .chain(fields =>
      fc
        .boolean()
        .map(valid => (valid ? { model: 'gpt-5.1', input: 'x', messages: [{}], ...fields } : fields)),
    )
  const path = fc.constantFrom(...PATHS)
  const property = fc.asyncProperty(path, body, async (path, body) => {
    const headers = { authorization: `Bearer ${KEY}` }
    const response = await fetch(`${upstream.url}/v1/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    const text = await response.text()
    expect([200, 400, 404]).toContain(response.status)
    if (response.headers.get('content-type') === 'application/json') JSON.parse(text)
    else expect(text.endsWith('\n\n')).toBe(true)
  })
  await fc.assert(property, { numRuns: 800 })
  expect(upstream.control.stats().total.concurrency.current).toBe(0)
})

it.each(['', '[]', 'null', '{', '"x"', '{"model":'])(
  'refuses the body %j as not a JSON object',
  async body => {
    const headers = { authorization: `Bearer ${KEY}` }
    const response = await fetch(`${upstream.url}/v1/responses`, { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('could not parse') },
    })
  },
)

it('refuses a body above its bound without keeping it', async () => {
  const small = await createMockUpstream({ maxBodyBytes: 1000 })
  const headers = { authorization: `Bearer ${KEY}` }
  const body = JSON.stringify({ model: 'gpt-5.1', input: 'x'.repeat(100_000) })
  const response = await fetch(`${small.url}/v1/responses`, { method: 'POST', headers, body })
  expect(response.status).toBe(413)
  await small.close()
})

const FAULTS: Fault[] = [
  { kind: 'status', status: 503, delayMs: 1 },
  { kind: 'delay', delayMs: 1 },
  { kind: 'stall', afterEvents: 1 },
  { kind: 'stall', afterBytes: 10 },
  { kind: 'cut' },
  { kind: 'cut', afterEvents: 0, midEvent: true, how: 'reset' },
  { kind: 'cut', afterBytes: 50 },
  { kind: 'errorInside200' },
  { kind: 'blackHole' },
  { kind: 'malformed', shape: 'notJson' },
  { kind: 'malformed', shape: 'html' },
  { kind: 'empty' },
  { kind: 'redirect', location: '/elsewhere' },
  { kind: 'garbageAfterEnd', where: 'socket' },
  { kind: 'slowDrip', bytesPerWrite: 500, everyMs: 0 },
  { kind: 'hugeEvent', megabytes: 0.1 },
  { kind: 'hugeHeaders', kilobytes: 20 },
]
const MESSAGES = [{ role: 'user', content: 'x' }]
const REQUESTS: [string, object | null][] = [
  ['models', null],
  ['responses/resp_none', null],
  ['embeddings', { model: 'text-embedding-3-small', input: 'x', dimensions: 4 }],
  ['chat/completions', { model: 'gpt-4o', messages: MESSAGES }],
  ['chat/completions', { model: 'gpt-4o', messages: MESSAGES, stream: true }],
  ['responses', { model: 'gpt-4o', input: 'x', stream: true }],
  ['responses', {}],
  ['responses/compact', { model: 'gpt-4o', input: 'x' }],
  ['responses', { model: 'gpt-4o', input: 'x', stream: true, background: true }],
  ['conversations', {}],
  ['files', null],
]

it.each(FAULTS)('survives %j on every endpoint, and leaves nothing running', async fault => {
  upstream.control.reset()
  const headers = { authorization: `Bearer ${KEY}` }
  for (const [path, body] of REQUESTS) {
    upstream.control.fault({ fault, times: 1 })
    const leaving = new AbortController()
    const init = body === null ? {} : { method: 'POST', body: JSON.stringify(body) }
    const request = { ...init, headers, redirect: 'manual' as const, signal: leaving.signal }
    const struck = fetch(`${upstream.url}/v1/${path}`, request).then(response => response.arrayBuffer())
    await until(() => upstream.control.requests().at(-1)?.fault === fault.kind)
    if (fault.kind === 'stall' || fault.kind === 'blackHole') leaving.abort()
    await struck.catch(() => {})
    await until(() => upstream.control.requests().at(-1)?.endedAt !== null)
    expect((await fetch(`${upstream.url}/v1/models`, { headers })).status).toBe(200)
  }
  expect(upstream.control.stats().total).toMatchObject({
    faults: REQUESTS.length,
    concurrency: { current: 0 },
  })
})
