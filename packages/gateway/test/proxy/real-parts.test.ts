import { createMockUpstream, type Fault, type MockUpstream } from '@headgate/mock-upstream'
import { balancedProfile, createScheduler, type Scheduler } from '@headgate/scheduler'
import {
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '@headgate/scheduler/memory'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { createClientLookup, keyDigest } from '../../src/proxy/admission/credentials.ts'
import { createPipeline } from '../../src/proxy/pipeline.ts'
import { createPoolAccess } from '../../src/proxy/pool-access.ts'
import type { RequestRecord } from '../../src/proxy/request-record.ts'
import { nodeClock } from '../../src/runtime/clock.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { createUpstream } from '../../src/upstream/client.ts'
import type { Upstream } from '../../src/wire/upstream.ts'
import { defaultPipelineLimits } from './default-limits.ts'

const clientKey = 'client-key-0123456789'
const both = [
  { id: 'a', order: 0 },
  { id: 'b', order: 1 },
]
const accounts = createMemoryAccounts(both)
let mock: MockUpstream
let server: HttpServer
let upstream: Upstream
let scheduler: Scheduler
let url: string
const records: RequestRecord[] = []
const failures: unknown[] = []

beforeAll(async () => {
  mock = await createMockUpstream({ accounts: { 'sk-a': {}, 'sk-b': {} } })
  upstream = createUpstream()
  scheduler = createScheduler({
    profile: balancedProfile(),
    accounts,
    slots: createMemorySlots(),
    bindings: createMemoryBindings({ clock: nodeClock, maxEntries: 1000 }),
    clock: nodeClock,
    random: createSeededRandom(1),
  })
  const access = ['a', 'b'].map(id => ({
    id,
    target: {
      accountId: id,
      baseUrl: `${mock.url}/v1`,
      headers: [['authorization', `Bearer sk-${id}`]] as const,
      headersTimeoutMs: 5000,
      idleTimeoutMs: 5000,
      allowPrivate: true,
    },
  }))
  const pool = createPoolAccess({ name: 'default', scheduler, accounts: access, commit: 'hold' })
  const client = { name: 'team', tenant: 'team', pool: 'default' }
  const snapshot = {
    clients: createClientLookup([{ access: client, digests: [keyDigest(clientKey)] }]),
    pools: new Map([['default', pool]]),
  }
  const log = { ...silentLog, error: (fields: Readonly<Record<string, unknown>>) => failures.push(fields) }
  const pipeline = createPipeline({
    snapshot: () => snapshot,
    upstream,
    clock: nodeClock,
    // Faults by the dozen must not spend the budget of retries.
    limits: { ...defaultPipelineLimits, retryBurst: 1000 },
    newRequestId: () => `req_${records.length}`,
    onRequest: record => records.push(record),
    log,
  })
  server = createHttpServer({ handle: pipeline.handle, clock: nodeClock, log })
  const bound = await server.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${bound.port}/v1`
})

afterAll(async () => {
  await server.drain({ timeoutMs: 0 })
  await upstream.close()
  await mock.close()
  scheduler.close()
})

const sdk = (apiKey = clientKey) => new OpenAI({ apiKey, baseURL: url, maxRetries: 0 })
/** Earlier faults have put accounts aside: a test begins with all of them back. */
const healthy = async () => {
  mock.control.clearFaults()
  accounts.replace([])
  accounts.replace(both)
}
const inUse = () => scheduler.accounts().reduce((sum, account) => sum + account.inUse, 0)

describe('the OpenAI SDK, over sockets', () => {
  it('gets a response, continues it, retrieves it and deletes it', async () => {
    const client = sdk()
    const first = await client.responses.create({ model: 'gpt-5', input: 'hello' })
    expect(first.output_text).not.toBe('')
    const home = records.at(-1)!.account
    const second = await client.responses.create({
      model: 'gpt-5',
      input: 'more',
      previous_response_id: first.id,
    })
    expect(second.previous_response_id).toBe(first.id)
    expect(records.at(-1)!.account).toBe(home)
    expect((await client.responses.retrieve(first.id)).id).toBe(first.id)
    await client.responses.delete(first.id)
    await expect(client.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 })
    expect(inUse()).toBe(0)
  })

  it('streams a response to its end', async () => {
    const types: string[] = []
    const stream = await sdk().responses.create({ model: 'gpt-5', input: 'hello', stream: true })
    for await (const event of stream) types.push(event.type)
    expect(types[0]).toBe('response.created')
    expect(types.at(-1)).toBe('response.completed')
    expect(records.at(-1)).toMatchObject({
      status: 200,
      stream: true,
      usage: { inputTokens: expect.any(Number) },
    })
    expect(records.at(-1)!.ttftMs).toBeGreaterThan(0)
  })

  it('chats, streams a chat, embeds and lists models', async () => {
    const client = sdk()
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const chat = await client.chat.completions.create({ model: 'gpt-4o', messages })
    expect(chat.choices[0]!.message.content).not.toBe('')
    let text = ''
    const stream = await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true })
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).not.toBe('')
    const embedding = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' })
    expect(embedding.data).toHaveLength(1)
    const models: string[] = []
    for await (const model of client.models.list()) models.push(model.id)
    expect(models).toContain('gpt-5')
  })

  it('is told what is wrong in the shape it knows', async () => {
    await expect(sdk('wrong-key-wrong-key').models.list()).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    })
    const unknown = { model: 'gpt-5', input: 'x', previous_response_id: 'resp_unknown' }
    await expect(sdk().responses.create(unknown)).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    })
    await expect(sdk().responses.create({ model: 'gpt-nope', input: 'x' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
  })

  it('can leave in the middle of a stream, and nothing is left running', async () => {
    mock.control.fault({ fault: { kind: 'stall', afterEvents: 8 }, times: 1 })
    const before = records.length
    const stream = await sdk().responses.create({ model: 'gpt-5', input: 'hello', stream: true })
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') break
    }
    stream.controller.abort()
    await expect.poll(inUse).toBe(0)
    await expect.poll(() => records.length).toBe(before + 1)
    expect(records.at(-1)!.attempts).toMatchObject([{ outcome: 'client_abort' }])
    await expect
      .poll(() =>
        Object.values(mock.control.stats().accounts).reduce((sum, one) => sum + one.concurrency.current, 0),
      )
      .toBe(0)
  })

  const failures500 = { kind: 'status', status: 500 } as const
  const early: Fault[] = [
    failures500,
    { kind: 'status', status: 429, retryAfterMs: 10 },
    { kind: 'status', status: 500, body: '<html>oops</html>' },
    { kind: 'cut' },
    { kind: 'cut', afterEvents: 0 },
    { kind: 'cut', afterEvents: 1 },
    { kind: 'cut', afterEvents: 1, midEvent: true },
    { kind: 'cut', afterBytes: 30, how: 'reset' },
    { kind: 'errorInside200', afterEvents: 1 },
    { kind: 'errorInside200', as: 'errorThenFailed', afterEvents: 2 },
    { kind: 'errorInside200', as: 'nestedError' },
    { kind: 'malformed', shape: 'html' },
    { kind: 'empty' },
    { kind: 'redirect', location: 'http://127.0.0.1:1/' },
    { kind: 'hugeHeaders', kilobytes: 100 },
  ]
  for (const fault of early) {
    it(`never notices ${JSON.stringify(fault)}: another account answers`, async () => {
      await healthy()
      mock.control.fault({ fault, times: 1 })
      const stream = await sdk().responses.create({ model: 'gpt-5', input: 'hello', stream: true })
      const types: string[] = []
      for await (const event of stream) types.push(event.type)
      expect(types.filter(type => type === 'response.created')).toHaveLength(1)
      expect(types.at(-1)).toBe('response.completed')
      await expect.poll(() => records.at(-1)?.attempts.length).toBe(2)
      expect(inUse()).toBe(0)
    })
  }

  const late: Fault[] = [
    { kind: 'cut', afterEvents: 7 },
    { kind: 'cut', afterEvents: 7, midEvent: true },
    { kind: 'cut', afterEvents: 7, how: 'reset' },
    { kind: 'errorInside200', as: 'error', afterEvents: 7 },
    { kind: 'hugeEvent', megabytes: 2, afterEvents: 7 },
  ]
  for (const fault of late) {
    it(`hears an error, never a clean end, after ${JSON.stringify(fault)}`, async () => {
      await healthy()
      mock.control.fault({ fault, times: 1 })
      const stream = await sdk().responses.create({ model: 'gpt-5', input: 'hello', stream: true })
      const types: string[] = []
      await expect(
        (async () => {
          for await (const event of stream) {
            types.push(event.type)
            if (event.type === 'error') throw new Error('error event')
          }
        })(),
      ).rejects.toThrow()
      expect(types).toContain('response.output_item.added')
      expect(types).not.toContain('response.completed')
      await expect.poll(inUse).toBe(0)
    })
  }

  it('gets a JSON answer from elsewhere when the first one breaks off', async () => {
    for (const fault of [
      { kind: 'cut', afterBytes: 20 },
      { kind: 'malformed', shape: 'notJson' },
      { kind: 'empty' },
      { kind: 'errorInside200' },
    ] as Fault[]) {
      await healthy()
      mock.control.fault({ fault, times: 1 })
      const response = await sdk().responses.create({ model: 'gpt-5', input: 'hello' })
      expect(response.status).toBe('completed')
      expect(records.at(-1)!.attempts).toHaveLength(2)
    }
  })

  it('raises no error inside the gateway', () => {
    expect(failures).toEqual([])
  })
})
