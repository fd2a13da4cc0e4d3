/** What a user of the official SDK sees, with nothing changed but the base URL. The mock's own log is the judge. */
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestAccount, type TestGateway } from '../fixtures/gateway.ts'
import { accountsAsked, generations, misrouted, running } from '../fixtures/mock-log.ts'

const model = 'gpt-5.1'
const fiveAccounts: readonly TestAccount[] = ['a1', 'a2', 'a3', 'a4', 'a5'].map(id => ({ id }))

/** One turn, over either wire; the id and the text the client saw. */
async function turn(
  sdk: OpenAI,
  wire: 'json' | 'sse',
  body: { input: string; previous_response_id?: string },
): Promise<{ id: string; text: string }> {
  if (wire === 'json') {
    const response = await sdk.responses.create({ model, ...body })
    return { id: response.id, text: response.output_text }
  }
  let completed: OpenAI.Responses.Response | undefined
  let text = ''
  for await (const event of await sdk.responses.create({ model, stream: true, ...body })) {
    if (event.type === 'response.output_text.delta') text += event.delta
    if (event.type === 'response.completed') completed = event.response
  }
  return { id: completed!.id, text }
}

/** The error a call ends with. */
async function failure(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(OpenAI.APIError)
  return error as InstanceType<typeof OpenAI.APIError>
}

describe('a conversation by previous_response_id', () => {
  it.each(['json', 'sse'] as const)('stays on the account that stores it, over %s', async wire => {
    const gateway = await gatewayForTest({ accounts: fiveAccounts })
    const sdk = gateway.sdk()
    const first = await turn(sdk, wire, { input: 'one' })
    await Promise.all(Array.from({ length: 20 }, () => turn(sdk, 'json', { input: 'noise' })))
    const second = await turn(sdk, wire, { input: 'two', previous_response_id: first.id })
    expect(second.text).toBe(first.text.replace('turn 1', 'turn 2').replace('one', 'two'))
    expect(misrouted(gateway.mock)).toEqual([])
    expect(new Set(accountsAsked(gateway.mock)).size).toBeGreaterThan(1)
  })

  it('keeps twelve conversations apart that go on at once, on both wires', async () => {
    const gateway = await gatewayForTest({ accounts: fiveAccounts })
    const sdk = gateway.sdk()
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const wire = index % 2 === 0 ? 'json' : 'sse'
        let last = await turn(sdk, wire, { input: `hello ${index}` })
        for (let count = 2; count <= 4; count++) {
          last = await turn(sdk, wire, { input: `hello ${index}`, previous_response_id: last.id })
          expect(last.text).toMatch(new RegExp(`turn ${count}\\. You said: hello ${index}$`))
        }
      }),
    )
    expect(misrouted(gateway.mock)).toEqual([])
    expect(generations(gateway.mock)).toHaveLength(48)
  })

  it('may go on from an id as soon as the stream has told it', async () => {
    const gateway = await gatewayForTest({
      accounts: fiveAccounts.map(({ id }) => ({ id, profile: { tokensPerSecond: 50, outputTokens: 1000 } })),
    })
    const sdk = gateway.sdk()
    for await (const event of await sdk.responses.create({ model, input: 'one', stream: true })) {
      if (event.type !== 'response.created') continue
      const error = await failure(
        sdk.responses.create({
          model,
          input: 'two',
          previous_response_id: event.response.id,
          max_output_tokens: 1,
        }),
      ).catch(() => undefined)
      // The upstream may find it too early; the gateway knows where to ask.
      expect(error?.status ?? 400).toBe(400)
      break
    }
    expect(misrouted(gateway.mock)).toEqual([])
    expect(generations(gateway.mock)).toHaveLength(2)
  })
})

describe('the other endpoints', () => {
  it('serve chat, as JSON and as a stream with its usage', async () => {
    const gateway = await gatewayForTest()
    const sdk = gateway.sdk()
    const messages = [{ role: 'user' as const, content: 'good morning' }]
    const whole = await sdk.chat.completions.create({ model, messages })
    expect(whole.choices[0]!.message.content).toContain('You said: good morning')
    let text = ''
    let usage: OpenAI.CompletionUsage | null | undefined
    let finish: string | null = null
    const options = { stream: true, stream_options: { include_usage: true } } as const
    for await (const chunk of await sdk.chat.completions.create({ model, messages, ...options })) {
      text += chunk.choices[0]?.delta.content ?? ''
      finish = chunk.choices[0]?.finish_reason ?? finish
      usage = chunk.usage ?? usage
    }
    expect(text).toContain('You said: good morning')
    expect(finish).toBe('stop')
    expect(usage!.total_tokens).toBeGreaterThan(0)
  })

  it('serve embeddings in the encoding the SDK asks for by itself', async () => {
    const gateway = await gatewayForTest({ mock: { captureBodies: true } })
    const { data } = await gateway
      .sdk()
      .embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] })
    expect(data).toHaveLength(2)
    expect(data[0]!.embedding).toHaveLength(1536)
    expect(data[0]!.embedding.every(number => typeof number === 'number')).toBe(true)
    expect(JSON.parse(generations(gateway.mock)[0]!.body!).encoding_format).toBe('base64')
  })

  it('list the models of all accounts and know each by name', async () => {
    const gateway = await gatewayForTest({
      accounts: [
        { id: 'a1', config: { models: ['gpt-5.1'] } },
        { id: 'a2', config: { models: { fast: 'gpt-4o-mini' } } },
        { id: 'a3', profile: { models: ['llama-4'] }, config: { models: ['llama-*'] } },
      ],
    })
    const sdk = gateway.sdk()
    const names: string[] = []
    for await (const { id } of sdk.models.list()) names.push(id)
    expect(names).toEqual(['fast', 'gpt-5.1', 'llama-4'])
    expect((await sdk.models.retrieve('fast')).id).toBe('fast')
    const missing = await failure(sdk.models.retrieve('gpt-9'))
    expect(missing).toBeInstanceOf(OpenAI.NotFoundError)
    const mapped = await sdk.responses.create({ model: 'fast', input: 'x' })
    expect(mapped.output_text).toContain('This is a2')
    expect(generations(gateway.mock)[0]!.model).toBe('gpt-4o-mini')
  })

  it('retrieve a response where it is stored, and know it no more once it is deleted', async () => {
    const gateway = await gatewayForTest({ accounts: fiveAccounts })
    const sdk = gateway.sdk()
    const made = await Promise.all(fiveAccounts.map(() => sdk.responses.create({ model, input: 'keep' })))
    for (const response of made) {
      expect((await sdk.responses.retrieve(response.id)).output_text).toBe(response.output_text)
    }
    await sdk.responses.delete(made[0]!.id)
    expect(await failure(sdk.responses.retrieve(made[0]!.id))).toBeInstanceOf(OpenAI.NotFoundError)
    expect(await failure(sdk.responses.delete(made[0]!.id))).toBeInstanceOf(OpenAI.NotFoundError)
    const continued = await failure(
      sdk.responses.create({ model, input: 'more', previous_response_id: made[0]!.id }),
    )
    expect(continued).toMatchObject({ status: 400, code: 'previous_response_not_found' })
    expect((await sdk.responses.retrieve(made[1]!.id)).id).toBe(made[1]!.id)
  })
})

describe('an error is thrown as the class users catch', () => {
  it('AuthenticationError for a key the gateway does not know', async () => {
    const gateway = await gatewayForTest()
    const stranger = new OpenAI({
      apiKey: 'hg-nobody-0123456789',
      baseURL: `${gateway.url}/v1`,
      maxRetries: 0,
    })
    const error = await failure(stranger.responses.create({ model, input: 'x' }))
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(error.message).not.toContain('hg-nobody')
    expect(gateway.mock.requests()).toEqual([])
  })

  it('NotFoundError for a model nobody serves, with the nearest names', async () => {
    const gateway = await gatewayForTest({
      accounts: [{ id: 'a1', config: { models: ['gpt-5.1', 'gpt-4o'] } }],
    })
    const error = await failure(gateway.sdk().responses.create({ model: 'gpt-5.11', input: 'x' }))
    expect(error).toBeInstanceOf(OpenAI.NotFoundError)
    expect(error).toMatchObject({ code: 'model_not_found', param: 'model' })
    expect(error.message).toContain('gpt-5.1')
    expect(gateway.mock.requests()).toEqual([])
  })

  it('BadRequestError in the words of the upstream, which is asked once', async () => {
    const gateway = await gatewayForTest()
    const error = await failure(gateway.sdk().responses.create({ model }))
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error).toMatchObject({ code: 'missing_required_parameter', param: 'input' })
    expect(error.message).toContain("Missing required parameter: 'input'.")
    expect(generations(gateway.mock)).toHaveLength(1)
  })

  it('RateLimitError with the time to come back, when every account is limited', async () => {
    const gateway = await gatewayForTest({ pools: { default: { scheduler: { wait: { timeout: '1s' } } } } })
    gateway.mock.fault({ fault: { kind: 'status', status: 429, retryAfterMs: 7000 } })
    const error = await failure(gateway.sdk().responses.create({ model, input: 'x' }))
    expect(error).toBeInstanceOf(OpenAI.RateLimitError)
    expect(Number(error.headers!.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(Number(error.headers!.get('retry-after'))).toBeLessThanOrEqual(7)
    expect(new Set(accountsAsked(gateway.mock)).size).toBe(3)
    // Now that all are known to be limited for longer than a request may wait, nobody is asked.
    const again = await failure(gateway.sdk().responses.create({ model, input: 'x' }))
    expect(again).toBeInstanceOf(OpenAI.RateLimitError)
    expect(generations(gateway.mock)).toHaveLength(3)
  })

  it('InternalServerError 503 when every account is overloaded', async () => {
    const gateway = await gatewayForTest()
    gateway.mock.fault({ fault: { kind: 'status', status: 503 } })
    const error = await failure(gateway.sdk().responses.create({ model, input: 'x' }))
    expect(error).toBeInstanceOf(OpenAI.InternalServerError)
    expect(error.status).toBe(503)
  })
})

describe('a client that leaves a stream', () => {
  const oneSlot: readonly TestAccount[] = [
    {
      id: 'a1',
      profile: { tokensPerSecond: 20, outputTokens: 100_000, concurrency: 1 },
      config: { concurrency: 1 },
    },
  ]

  async function expectFree(gateway: TestGateway): Promise<void> {
    await eventually(async () => running(gateway.mock) === 0 && (await gateway.slotsInUse()) === 0)
    expect(generations(gateway.mock)[0]).toMatchObject({ aborted: true })
    gateway.mock.setProfile('a1', { outputTokens: 1 })
    await gateway.sdk().responses.create({ model, input: 'next' })
    expect(gateway.mock.stats().accounts['a1']).toMatchObject({
      concurrencyRefused: 0,
      concurrency: { current: 0, max: 1 },
    })
  }

  it('by aborting frees the slot at once', async () => {
    const gateway = await gatewayForTest({ accounts: oneSlot })
    const controller = new AbortController()
    const stream = await gateway
      .sdk()
      .responses.create({ model, input: 'x', stream: true }, { signal: controller.signal })
    for await (const event of stream) {
      if (event.type !== 'response.output_text.delta') continue
      expect([running(gateway.mock), await gateway.slotsInUse()]).toEqual([1, 1])
      controller.abort()
    }
    await expectFree(gateway)
  })

  it('by breaking out of the loop frees the slot at once', async () => {
    const gateway = await gatewayForTest({ accounts: oneSlot })
    const messages = [{ role: 'user' as const, content: 'x' }]
    for await (const chunk of await gateway
      .sdk()
      .chat.completions.create({ model, messages, stream: true })) {
      if (chunk.choices[0]?.delta.content) break
    }
    await expectFree(gateway)
  })

  it('before the first byte frees the slot at once', async () => {
    const gateway = await gatewayForTest({ accounts: oneSlot })
    gateway.mock.fault({ fault: { kind: 'blackHole' }, times: 1 })
    const controller = new AbortController()
    const call = gateway.sdk().responses.create({ model, input: 'x' }, { signal: controller.signal })
    await eventually(() => running(gateway.mock) === 1)
    controller.abort()
    await expect(call).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
    await expectFree(gateway)
  })
})

describe('a session without stored responses', () => {
  it('keeps its account by prompt_cache_key', async () => {
    const gateway = await gatewayForTest({ accounts: fiveAccounts })
    const sdk = gateway.sdk()
    const speakers = new Set<string>()
    for (let count = 0; count < 12; count++) {
      const response = await sdk.responses.create({
        model,
        input: 'x',
        store: false,
        prompt_cache_key: 'warm',
      })
      speakers.add(response.output_text.slice(0, 10))
      await sdk.responses.create({ model, input: 'noise' })
    }
    expect(speakers.size).toBe(1)
    expect(new Set(accountsAsked(gateway.mock)).size).toBeGreaterThan(1)
  })

  it('keeps its account by the session-id header, in chat and in responses alike', async () => {
    const gateway = await gatewayForTest({ accounts: fiveAccounts })
    const sdk = gateway.sdk()
    const headers = { 'session-id': '0199-agent' }
    const messages = [{ role: 'user' as const, content: 'x' }]
    const speakers = new Set<string>()
    for (let count = 0; count < 6; count++) {
      const chat = await sdk.chat.completions.create({ model, messages }, { headers })
      const response = await sdk.responses.create({ model, input: 'x', store: false }, { headers })
      speakers.add(chat.choices[0]!.message.content!.slice(0, 10)).add(response.output_text.slice(0, 10))
      await sdk.responses.create({ model, input: 'noise' })
    }
    expect(speakers.size).toBe(1)
    expect(new Set(accountsAsked(gateway.mock)).size).toBeGreaterThan(1)
  })
})
