import { expect, it } from 'vitest'
import { sdk, useRig } from './endpoints-rig.ts'

const rig = useRig({ accounts: { token: { name: 'local', dialect: 'vllm', models: ['llama-3'] } } })
const client = () => sdk(rig.upstream, 'token')
const model = 'llama-3'
const raw = async (
  method: string,
  path: string,
  headers: Record<string, string> = { authorization: 'Bearer token' },
) => {
  const response = await fetch(rig.upstream.url + path, { method, headers })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

it('generates, with usage that has no details and headers of its own', async () => {
  const { data, response } = await client().responses.create({ model, input: 'Hello' }).withResponse()
  expect(data.output_text).toBe('This is local, turn 1. You said: Hello')
  expect(Object.keys(data.usage!)).toEqual(['input_tokens', 'output_tokens', 'total_tokens'])
  expect(response.headers.get('server')).toBe('uvicorn')
  expect(response.headers.get('openai-version')).toBeNull()
  const chat = await client().chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }] })
  expect(Object.keys(chat.usage!)).toEqual(['prompt_tokens', 'completion_tokens', 'total_tokens'])
})

it('silently stores nothing unless its store is on', async () => {
  const first = await client().responses.create({ model, input: 'x', store: true })
  expect(first).toMatchObject({ store: false })
  const message = `Response with id '${first.id}' not found.`
  const next = { model, input: 'y', previous_response_id: first.id }
  await expect(client().responses.create(next)).rejects.toMatchObject({
    status: 404,
    error: { message, code: 404 },
  })
  await expect(client().responses.retrieve(first.id)).rejects.toMatchObject({
    status: 404,
    error: { message },
  })
  await expect(client().responses.create({ model, input: 'x', background: true })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('VLLM_ENABLE_RESPONSES_API_STORE=1'),
  })
})

it('chains, retrieves and cancels with its store on', async () => {
  rig.upstream.control.setProfile('local', { responseStore: true })
  const first = await client().responses.create({ model, input: 'x' })
  const second = await client().responses.create({ model, input: 'y', previous_response_id: first.id })
  expect(second.output_text).toContain('turn 2')
  expect(await client().responses.retrieve(second.id)).toMatchObject({ store: true })
  rig.upstream.control.setProfile('local', { ttftMs: 60_000 })
  const { id } = await client().responses.create({ model, input: 'x', background: true })
  expect((await client().responses.cancel(id)).status).toBe('cancelled')
})

it.each([
  ['GET', '/v1/conversations/conv_1', 404, '{"detail":"Not Found"}'],
  ['POST', '/v1/conversations', 404, '{"detail":"Not Found"}'],
  ['GET', '/v1/responses/resp_1/input_items', 404, '{"detail":"Not Found"}'],
  ['POST', '/v1/responses/compact', 404, '{"detail":"Not Found"}'],
  ['GET', '/v1/files', 404, '{"detail":"Not Found"}'],
  ['DELETE', '/v1/responses/resp_1', 405, '{"detail":"Method Not Allowed"}'],
])('has no %s %s', async (method, path, status, text) => {
  expect(await raw(method, path)).toMatchObject({ status, text })
})

it('tells anybody its health and version, and nobody else anything', async () => {
  expect(await raw('GET', '/health', {})).toMatchObject({ status: 200, text: '' })
  expect(JSON.parse((await raw('GET', '/version')).text)).toEqual({ version: expect.any(String) })
  expect(await raw('GET', '/v1/models', {})).toMatchObject({ status: 401, text: '{"error":"Unauthorized"}' })
  rig.upstream.control.fault({ fault: { kind: 'status', status: 503 }, endpoint: 'vllm.health', times: 1 })
  expect((await raw('GET', '/health', {})).status).toBe(503)
})

it('words unknown models in its own way', async () => {
  await expect(client().responses.create({ model: 'gpt-5.1', input: 'x' })).rejects.toMatchObject({
    status: 404,
    error: { type: 'NotFoundError', code: 404 },
  })
})
