import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { accountsAsked, generations, misrouted, running } from '../fixtures/mock-log.ts'
import { inProcessForTest, model } from './fixture.ts'

describe('the official SDK over createFetch', () => {
  it('works with any key and any base URL, since the accounts’ own are used', async () => {
    const { fetch, mock, sdk } = await inProcessForTest()
    const elsewhere = new OpenAI({
      apiKey: 'x',
      baseURL: 'https://gateway.example/openai/v1',
      maxRetries: 0,
      fetch,
    })
    expect((await sdk.responses.create({ model, input: 'one' })).output_text).toContain('You said: one')
    expect((await elsewhere.responses.create({ model, input: 'two' })).output_text).toContain('You said: two')
    expect(generations(mock)).toHaveLength(2)
  })

  it('streams, one event after the other', async () => {
    const { sdk } = await inProcessForTest({ mock: { defaults: { outputTokens: 40 } } })
    const types: string[] = []
    for await (const event of await sdk.responses.create({ model, input: 'x', stream: true })) {
      types.push(event.type)
    }
    expect(types[0]).toBe('response.created')
    expect(types.at(-1)).toBe('response.completed')
    expect(types.filter(type => type === 'response.output_text.delta').length).toBeGreaterThan(5)
  })

  it.each([false, true])('continues a conversation where it is stored (stream: %s)', async stream => {
    const { mock, sdk } = await inProcessForTest({ ids: ['a1', 'a2', 'a3', 'a4', 'a5'] })
    const turn = async (body: { input: string; previous_response_id?: string }): Promise<string> => {
      if (!stream) return (await sdk.responses.create({ model, ...body })).id
      let id = ''
      for await (const event of await sdk.responses.create({ model, stream: true, ...body })) {
        if (event.type === 'response.completed') id = event.response.id
      }
      return id
    }
    const firsts = await Promise.all(Array.from({ length: 8 }, (_, index) => turn({ input: `${index}` })))
    await Promise.all(firsts.map(id => turn({ input: 'and again', previous_response_id: id })))
    expect(misrouted(mock)).toEqual([])
    expect(new Set(accountsAsked(mock)).size).toBeGreaterThan(1)
  })

  it('moves on from an account that fails, unnoticed', async () => {
    const { mock, sdk } = await inProcessForTest()
    mock.fault({ fault: { kind: 'status', status: 503 }, times: 1 })
    const { response, data } = await sdk.responses.create({ model, input: 'x' }).withResponse()
    expect(data.output_text).toContain('You said: x')
    expect(response.headers.get('x-headgate-attempts')).toBe('2')
    expect(generations(mock)).toHaveLength(2)
  })

  it('uploads files, and finds each where it was stored', async () => {
    const { mock, sdk } = await inProcessForTest({
      account: { capabilities: { files: true } },
    })
    const contents = Array.from({ length: 6 }, (_, index) => `line ${index}\n`.repeat(50_000))
    const files = await Promise.all(
      contents.map((content, index) =>
        sdk.files.create({ file: new File([content], `${index}.jsonl`), purpose: 'batch' }),
      ),
    )
    for (const [index, { id, bytes }] of files.entries()) {
      expect(bytes).toBe(contents[index]!.length)
      expect((await sdk.files.retrieve(id)).id).toBe(id)
    }
    const uploads = mock.requests().filter(({ method, path }) => method === 'POST' && path === '/v1/files')
    expect(new Set(uploads.map(({ account }) => account)).size).toBeGreaterThan(1)
  })

  it('throws the class users catch, from an answer and not from an exception', async () => {
    const { mock, sdk } = await inProcessForTest({ account: { models: [model] } })
    const missing = await sdk.responses
      .create({ model: 'gpt-9', input: 'x' })
      .catch((error: unknown) => error)
    expect(missing).toBeInstanceOf(OpenAI.NotFoundError)
    expect(missing).toMatchObject({ code: 'model_not_found', param: 'model' })
    const unknown = sdk.responses.create({ model, input: 'x', previous_response_id: 'resp_never' })
    await expect(unknown).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' })
    expect(mock.requests()).toEqual([])
  })
})

describe('a caller that gives up', () => {
  const slow = { defaults: { tokensPerSecond: 20, outputTokens: 100_000 } }

  it('by aborting a stream frees the slot and ends the upstream’s work', async () => {
    const { mock, sdk, slotsInUse } = await inProcessForTest({ mock: slow })
    const controller = new AbortController()
    const { signal } = controller
    const stream = await sdk.responses.create({ model, input: 'x', stream: true }, { signal })
    for await (const event of stream) {
      if (event.type !== 'response.output_text.delta') continue
      expect([running(mock), slotsInUse()]).toEqual([1, 1])
      controller.abort()
    }
    expect(slotsInUse()).toBe(0)
    await eventually(() => running(mock) === 0)
  })

  it('by breaking out of the loop does so, too', async () => {
    const { mock, sdk, slotsInUse } = await inProcessForTest({ mock: slow })
    const messages = [{ role: 'user' as const, content: 'x' }]
    for await (const chunk of await sdk.chat.completions.create({ model, messages, stream: true })) {
      if (chunk.choices[0]?.delta.content) break
    }
    await eventually(() => slotsInUse() === 0 && running(mock) === 0)
  })

  it('before the first byte gets the abort, not an answer', async () => {
    const { mock, sdk, slotsInUse } = await inProcessForTest()
    mock.fault({ fault: { kind: 'blackHole' } })
    const controller = new AbortController()
    const call = sdk.responses.create({ model, input: 'x' }, { signal: controller.signal })
    await eventually(() => running(mock) === 1)
    controller.abort()
    await expect(call).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
    await eventually(() => slotsInUse() === 0 && running(mock) === 0)
  })
})
