import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMockUpstream, type MockUpstream } from '../src/index.ts'

let upstream: MockUpstream
const client = (apiKey = 'sk-a') => new OpenAI({ apiKey, baseURL: `${upstream.url}/v1`, maxRetries: 0 })

beforeAll(async () => {
  upstream = await createMockUpstream({ accounts: { 'sk-a': { name: 'alpha' }, 'sk-b': { name: 'beta' } } })
})
afterAll(() => upstream.close())

describe('the official SDK against the Responses API', () => {
  it('continues a conversation over JSON, with usage that grows and a cached prefix', async () => {
    const first = await client().responses.create({
      model: 'gpt-5.1',
      input: 'Good morning',
      instructions: 'Be kind.',
    })
    expect(first.output_text).toBe('This is alpha, turn 1. You said: Good morning')
    expect(first.usage!.input_tokens_details.cached_tokens).toBe(0)
    const second = await client().responses.create({
      model: 'gpt-5.1',
      input: 'And good night',
      previous_response_id: first.id,
    })
    expect(second.output_text).toBe('This is alpha, turn 2. You said: And good night')
    expect(second.previous_response_id).toBe(first.id)
    expect(second.usage!.input_tokens).toBeGreaterThan(first.usage!.total_tokens)
    expect(second.usage!.input_tokens_details.cached_tokens).toBe(first.usage!.total_tokens)
  })

  it('continues a conversation over SSE, every event in order and numbered', async () => {
    const types: string[] = []
    let text = ''
    let id = ''
    const stream = await client().responses.create({ model: 'gpt-5.1', input: 'Hello', stream: true })
    for await (const event of stream) {
      expect(event.sequence_number).toBe(types.length)
      types.push(event.type)
      if (event.type === 'response.output_text.delta') text += event.delta
      if (event.type === 'response.completed') id = event.response.id
    }
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(text).toBe('This is alpha, turn 1. You said: Hello')
    const stream2 = client().responses.stream({ model: 'gpt-5.1', input: 'More', previous_response_id: id })
    expect((await stream2.finalResponse()).output_text).toBe('This is alpha, turn 2. You said: More')
  })

  it('knows an id only at the account that made it', async () => {
    const { id } = await client('sk-a').responses.create({ model: 'gpt-5.1', input: 'mine' })
    expect((await client('sk-a').responses.retrieve(id)).output_text).toContain('mine')
    await expect(client('sk-b').responses.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError)
    await expect(
      client('sk-b').responses.create({ model: 'gpt-5.1', input: 'x', previous_response_id: id }),
    ).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    })
    await expect(client('sk-b').responses.delete(id)).rejects.toThrow(OpenAI.NotFoundError)
    await client('sk-a').responses.delete(id)
    await expect(client('sk-a').responses.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError)
  })

  it('forgets what was not to be stored', async () => {
    const { id } = await client().responses.create({ model: 'gpt-5.1', input: 'secret', store: false })
    await expect(
      client().responses.create({ model: 'gpt-5.1', input: 'x', previous_response_id: id }),
    ).rejects.toMatchObject({ code: 'previous_response_not_found' })
  })

  it('lists the input items of a response', async () => {
    const input = [
      { role: 'user' as const, content: 'one' },
      { role: 'user' as const, content: 'two' },
    ]
    const { id } = await client().responses.create({ model: 'gpt-5.1', input })
    const page = await client().responses.inputItems.list(id)
    expect(page.data.map(item => (item as { content: unknown }).content)).toEqual([
      [{ type: 'input_text', text: 'two' }],
      [{ type: 'input_text', text: 'one' }],
    ])
  })

  it('runs a response in the background until it is done, and cancels only such', async () => {
    const response = await client().responses.create({ model: 'gpt-5.1', input: 'later', background: true })
    expect(response.status).toBe('queued')
    await expect
      .poll(async () => (await client().responses.retrieve(response.id)).status, { interval: 1 })
      .toBe('completed')
    const { id } = await client().responses.create({ model: 'gpt-5.1', input: 'now' })
    await expect(client().responses.cancel(id)).rejects.toThrow('Cannot cancel a synchronous response.')
  })

  it('ends a reply at max_output_tokens as incomplete', async () => {
    const response = await client().responses.create({
      model: 'gpt-5.1',
      input: 'Hello',
      max_output_tokens: 16,
    })
    expect(response.status).toBe('completed')
    const short = await client().responses.create({ model: 'gpt-5.1', input: 'Hello', max_output_tokens: 2 })
    expect(short).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    expect(short.usage!.output_tokens).toBe(2)
  })
})

describe('the official SDK against chat completions', () => {
  const messages = [
    { role: 'system' as const, content: 'You are a parrot.' },
    { role: 'user' as const, content: 'Polly' },
  ]

  it('answers JSON, and finds the prefix of a longer history cached', async () => {
    const first = await client().chat.completions.create({ model: 'gpt-4o', messages })
    const reply = first.choices[0]!.message
    expect(reply.content).toBe('This is alpha, turn 1. You said: Polly')
    const longer = [...messages, reply, { role: 'user' as const, content: 'cracker' }]
    const second = await client().chat.completions.create({ model: 'gpt-4o', messages: longer })
    expect(second.choices[0]!.message.content).toBe('This is alpha, turn 2. You said: cracker')
    expect(second.usage!.prompt_tokens_details!.cached_tokens).toBeGreaterThan(first.usage!.prompt_tokens)
  })

  it('streams role, text, finish_reason and, when asked, usage', async () => {
    const request = { model: 'gpt-4o', messages, stream: true as const }
    const chunks = []
    for await (const chunk of await client().chat.completions.create(request)) chunks.push(chunk)
    expect(chunks[0]!.choices[0]!.delta).toMatchObject({ role: 'assistant', content: '' })
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('stop')
    const withUsage = []
    const asking = { ...request, stream_options: { include_usage: true } }
    for await (const chunk of await client().chat.completions.create(asking)) withUsage.push(chunk)
    expect(withUsage.length).toBe(chunks.length + 1)
    expect(withUsage[0]!.usage).toBeNull()
    expect(withUsage.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: chunks.length - 2 } })
  })
})

describe('the official SDK against embeddings and models', () => {
  it('gives the same vector for the same text, as floats and as base64', async () => {
    const input = ['cat', 'dog']
    const decoded = await client().embeddings.create({
      model: 'text-embedding-3-small',
      input,
      dimensions: 8,
    })
    const floats = await client('sk-b').embeddings.create({
      model: 'text-embedding-3-small',
      input: 'cat',
      dimensions: 8,
      encoding_format: 'float',
    })
    const [cat, dog] = decoded.data.map(item => item.embedding)
    expect(cat).toHaveLength(8)
    expect(cat).not.toEqual(dog)
    expect(floats.data[0]!.embedding).toEqual(Array.from(cat!))
    expect(Math.hypot(...cat!)).toBeCloseTo(1, 5)
  })

  it('lists and retrieves models', async () => {
    const ids = (await client().models.list()).data.map(model => model.id)
    expect(ids).toContain('gpt-5.1')
    expect((await client().models.retrieve('gpt-5.1')).id).toBe('gpt-5.1')
    await expect(client().models.retrieve('gpt-0')).rejects.toThrow(OpenAI.NotFoundError)
  })
})

describe('errors as the SDK sees them', () => {
  it('refuses a wrong key and repeats part of it, as the real one does', async () => {
    const refused = client('sk-wrong-key-abcd').models.list()
    await expect(refused).rejects.toThrow(OpenAI.AuthenticationError)
    await expect(client('sk-wrong-key-abcd').models.list()).rejects.toMatchObject({
      code: 'invalid_api_key',
      message: expect.stringContaining('sk-********abcd'),
    })
  })

  it.each([
    ['no model', {}, { status: 400, param: 'model' }],
    ['an unknown model', { model: 'gpt-0', input: 'x' }, { status: 404, code: 'model_not_found' }],
    ['no input', { model: 'gpt-5.1' }, { status: 400, param: 'input' }],
  ])('refuses %s', async (_, body, error) => {
    await expect(client().responses.create(body as never)).rejects.toMatchObject(error)
  })

  it('raises each error class for a status on demand', async () => {
    const classes = [
      [400, OpenAI.BadRequestError],
      [403, OpenAI.PermissionDeniedError],
      [409, OpenAI.ConflictError],
      [429, OpenAI.RateLimitError],
      [503, OpenAI.InternalServerError],
    ] as const
    for (const [status, type] of classes) {
      upstream.control.fault({ fault: { kind: 'status', status }, account: 'alpha', times: 1 })
      await expect(client().responses.create({ model: 'gpt-5.1', input: 'x' })).rejects.toThrow(type)
    }
    expect(upstream.control.faults()).toEqual([])
  })

  it('raises an APIError for an error event inside a 200 stream', async () => {
    upstream.control.fault({ fault: { kind: 'errorInside200', as: 'error' }, account: 'alpha', times: 1 })
    const consume = async () => {
      for await (const _ of await client().responses.create({ model: 'gpt-5.1', input: 'x', stream: true }));
    }
    await expect(consume()).rejects.toThrow(OpenAI.APIError)
  })
})
