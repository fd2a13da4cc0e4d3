/** What the scheduler is told of a request and of its answer: what a profile that learns goes by. */
import { describe, expect, it } from 'vitest'
import { calm, chatEvents, createWorld, responseEvents } from './world.ts'

const model = 'm'
/** 400 tokens, at four bytes each. */
const text = 'word '.repeat(320)
const messages = [{ role: 'user', content: text }]
const usage = {
  input_tokens: 400,
  output_tokens: 7,
  total_tokens: 407,
  input_tokens_details: { cached_tokens: 300 },
}

describe('a request', () => {
  it.each([
    ['a response', '/v1/responses', { model, input: text }, true],
    ['a streamed response', '/v1/responses', { model, input: text, stream: true }, undefined],
    ['a chat completion', '/v1/chat/completions', { model, messages }, true],
    ['a streamed chat completion', '/v1/chat/completions', { model, messages, stream: true }, undefined],
    ['embeddings', '/v1/embeddings', { model, input: text }, true],
  ] as const)(
    'that is %s comes with its size and whether it comes whole',
    async (_what, path, body, whole) => {
      const world = createWorld()
      await world.post(body, { path })
      await calm()
      const [told] = world.scheduler.requests
      expect(told!.whole).toBe(whole)
      expect(told!.inputTokens).toBeGreaterThan(390)
      expect(told!.inputTokens).toBeLessThan(450)
      expect(told!.estimatedTokens).toBeGreaterThanOrEqual(told!.inputTokens!)
    },
  )
})

describe('an answer', () => {
  it('that is a streamed response tells its first token once, and what was cached', async () => {
    const world = createWorld()
    const client = await world.post({ model, input: text, stream: true })
    const { created, delta, completed } = responseEvents('resp_1')
    world.upstream.last.stream(created)
    expect(world.scheduler.leases[0]!.firstTokens).toBe(0)
    world.upstream.last.data(delta).data(delta)
    expect(world.scheduler.leases[0]!.firstTokens).toBe(1)
    const end = JSON.parse(completed.split('data: ')[1]!) as { response: object }
    const told = { ...end, response: { ...end.response, usage } }
    world.upstream.last.data(`event: response.completed\ndata: ${JSON.stringify(told)}\n\n`).end()
    await client.done
    expect(world.scheduler.leases).toMatchObject([
      { settlement: { outcome: { kind: 'ok' }, usage: { inputTokens: 400, cachedTokens: 300 } } },
    ])
  })

  it('that is a streamed chat completion does as well', async () => {
    const world = createWorld()
    const client = await world.post({ model, messages, stream: true }, { path: '/v1/chat/completions' })
    const { role, text: first, done } = chatEvents()
    world.upstream.last.stream(role)
    expect(world.scheduler.leases[0]!.firstTokens).toBe(0)
    world.upstream.last.data(first)
    expect(world.scheduler.leases[0]!.firstTokens).toBe(1)
    const chatUsage = {
      prompt_tokens: 400,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 300 },
    }
    const last = { id: 'c', object: 'chat.completion.chunk', choices: [], usage: chatUsage }
    world.upstream.last
      .data(`data: ${JSON.stringify(last)}\n\n`)
      .data(done)
      .end()
    await client.done
    expect(world.scheduler.leases).toMatchObject([
      { settlement: { outcome: { kind: 'ok' }, usage: { inputTokens: 400, cachedTokens: 300 } } },
    ])
  })

  it('that comes whole tells its usage and no first token', async () => {
    const world = createWorld()
    const client = await world.post({ model, input: text })
    world.upstream.last.json(200, { id: 'resp_1', status: 'completed', usage })
    await client.done
    expect(world.scheduler.leases).toMatchObject([
      { firstTokens: 0, settlement: { usage: { cachedTokens: 300, outputTokens: 7 } } },
    ])
  })

  it('that fails is told as what it was, and its account is left out of the next search', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }, { id: 'b' }] } as never)
    const client = await world.post({ model, input: text })
    world.upstream.last.json(500, { error: { message: 'no', type: 'server_error' } })
    await calm()
    world.upstream.last.json(200, { id: 'resp_1', status: 'completed', usage })
    await client.done
    expect(world.scheduler.leases.map(({ account, outcome }) => [account, outcome])).toEqual([
      ['a', 'server_error'],
      ['b', 'ok'],
    ])
    expect([...world.scheduler.requests[1]!.excluded!]).toEqual(['a'])
  })
})
