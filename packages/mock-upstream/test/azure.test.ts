import OpenAI, { AzureOpenAI } from 'openai'
import { expect, it } from 'vitest'
import { createManualClock } from '../src/index.ts'
import { useRig } from './endpoints-rig.ts'

const clock = createManualClock()
const entra = { tenant: 'tenant-1', clientId: 'client-1', clientSecret: 'secret-1', expiresInSeconds: 60 }
const rig = useRig({
  clock,
  accounts: {
    'az-key': { name: 'azure', dialect: 'azure', models: ['my-deployment', 'my-embedding'], entra },
    'sk-plain': { name: 'plain' },
  },
})
const messages = [{ role: 'user' as const, content: 'Hello' }]
const model = 'my-deployment'

const client = (headers: Record<string, string | null> = { 'api-key': 'az-key', authorization: null }) =>
  new OpenAI({
    ...{ apiKey: 'unused', baseURL: `${rig.upstream.url}/openai/v1`, maxRetries: 0, defaultHeaders: headers },
  })
const dated = () =>
  new AzureOpenAI({
    apiKey: 'az-key',
    endpoint: rig.upstream.url,
    apiVersion: '2025-04-01-preview',
    maxRetries: 0,
  })

async function requestToken(fields: Record<string, string> = {}, tenant = 'tenant-1') {
  const form = {
    ...{ grant_type: 'client_credentials', client_id: 'client-1', client_secret: 'secret-1' },
    scope: 'https://cognitiveservices.azure.com/.default',
    ...fields,
  }
  const url = `${rig.upstream.url}/${tenant}/oauth2/v2.0/token`
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

it('answers under /openai/v1 to api-key, with the deployment as its model', async () => {
  const response = await client().responses.create({ model, input: 'Hello' })
  expect(response.output_text).toBe('This is azure, turn 1. You said: Hello')
  await expect(client().responses.create({ model: 'gpt-5.1', input: 'x' })).rejects.toMatchObject({
    status: 404,
    code: 'DeploymentNotFound',
  })
  const elsewhere = new OpenAI({ apiKey: 'az-key', baseURL: `${rig.upstream.url}/v1`, maxRetries: 0 })
  await expect(elsewhere.models.list()).rejects.toMatchObject({ status: 404, code: '404' })
})

it('sends the headers that reveal the resource, and none of OpenAI', async () => {
  const { response } = await client().models.list().withResponse()
  expect(response.headers.get('apim-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(response.headers.get('x-ms-region')).toBe('Sweden Central')
  expect(response.headers.get('openai-organization')).toBeNull()
})

it('begins a chat stream with the verdict about the prompt', async () => {
  const chunks: object[] = []
  for await (const chunk of await client().chat.completions.create({ model, messages, stream: true }))
    chunks.push(chunk)
  expect(chunks[0]).toMatchObject({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] })
  expect(chunks[1]).toMatchObject({ choices: [{ delta: { role: 'assistant' } }] })
  expect(await client().chat.completions.create({ model, messages })).toMatchObject({
    prompt_filter_results: [{ prompt_index: 0 }],
    choices: [{ content_filter_results: { hate: { filtered: false } } }],
  })
})

it('reports negative token limits when told to', async () => {
  rig.upstream.control.setProfile('azure', { rateLimitHeaders: 'negative' })
  const { response } = await client().responses.create({ model, input: 'x' }).withResponse()
  const header = (name: string) => response.headers.get(`x-ratelimit-${name}-tokens`)
  expect([header('limit'), header('remaining'), header('reset')]).toEqual(['-1', '-1', '0'])
})

it('takes an Entra token until it expires, and then a new one', async () => {
  const first = await requestToken()
  expect(first).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 60 } })
  const withToken = (body: Record<string, unknown>) =>
    client({ authorization: `Bearer ${body['access_token']}` }).responses.create({ model, input: 'x' })
  expect((await withToken(first.body)).output_text).toContain('This is azure')
  clock.advance(59_999)
  await withToken(first.body)
  clock.advance(1)
  await expect(withToken(first.body)).rejects.toThrow(OpenAI.AuthenticationError)
  const second = await requestToken({ scope: 'https://ai.azure.com/.default' })
  expect((await withToken(second.body)).status).toBe('completed')
  const stats = rig.upstream.control.stats()
  expect(stats.accounts['azure']!.byEndpoint['entra.token']).toBe(2)
  expect(stats.unauthorized).toBe(1)
  await expect(client({ authorization: 'Bearer eyJ.never.issued' }).models.list()).rejects.toMatchObject({
    status: 401,
    code: 'Unauthorized',
  })
})

it.each([
  ['a wrong secret', { client_secret: 'x' }, 'tenant-1', 401, 'invalid_client'],
  ['an unknown client', { client_id: 'x' }, 'tenant-1', 400, 'unauthorized_client'],
  ['another tenant', {}, 'tenant-2', 400, 'unauthorized_client'],
  ['another scope', { scope: 'openid' }, 'tenant-1', 400, 'invalid_scope'],
  ['another grant', { grant_type: 'password' }, 'tenant-1', 400, 'unsupported_grant_type'],
])('gives no token for %s', async (_, fields, tenant, status, error) => {
  expect(await requestToken(fields as Record<string, string>, tenant)).toMatchObject({
    status,
    body: { error },
  })
})

it('lets faults of the account strike its token requests', async () => {
  rig.upstream.control.fault({
    ...{ account: 'azure', endpoint: 'entra.token', times: 1, fault: { kind: 'status', status: 503 } },
  })
  expect((await requestToken()).status).toBe(503)
  expect((await requestToken()).status).toBe(200)
})

it('refuses a wrong key as Azure words it', async () => {
  await expect(client({ 'api-key': 'wrong', authorization: null }).models.list()).rejects.toMatchObject({
    status: 401,
    message: expect.stringContaining('invalid subscription key'),
  })
})

it('serves the dated API of AzureOpenAI, whose paths name the deployment', async () => {
  const chat = await dated().chat.completions.create({ model, messages })
  expect(chat.choices[0]!.message.content).toContain('Hello')
  const embedding = await dated().embeddings.create({ model: 'my-embedding', input: 'x', dimensions: 4 })
  expect(embedding.data[0]!.embedding).toHaveLength(4)
  const response = await dated().responses.create({ model, input: 'x' })
  expect((await dated().responses.retrieve(response.id)).id).toBe(response.id)
  expect(rig.upstream.control.requests()[0]!.path).toContain(`/openai/deployments/${model}/chat/completions?`)
  const headers = { 'api-key': 'az-key' }
  const undated = await fetch(`${rig.upstream.url}/openai/responses/${response.id}`, { headers })
  expect(undated.status).toBe(404)
})

it('keeps conversations and files like the service it hosts', async () => {
  const { id } = await client().conversations.create()
  expect((await client().responses.create({ model, input: 'x', conversation: id })).conversation).toEqual({
    id,
  })
  const file = await client().files.create({ file: new File(['x'], 'x.txt'), purpose: 'assistants' })
  expect((await client().files.retrieve(file.id)).bytes).toBe(1)
})
