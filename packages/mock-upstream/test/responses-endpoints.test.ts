import OpenAI from 'openai'
import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import { describe, expect, it } from 'vitest'
import { createManualClock } from '../src/index.ts'
import { useRig } from './endpoints-rig.ts'
import { bodyOf, eventTypes, post, readUntil, until } from './raw-client.ts'

const clock = createManualClock()
const rig = useRig({ clock })
const model = 'gpt-5.1'
const INCLUDE = { include: ['reasoning.encrypted_content' as const] }

async function collect(stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

describe('resuming a stream', () => {
  it('replays a stored response event for event, or from any place on', async () => {
    const { alpha } = rig
    const live = await collect(
      await alpha.responses.create({ model, input: 'Hello', stream: true, ...INCLUDE }),
    )
    const { response } = live.at(-1) as { response: { id: string } }
    expect(await collect(await alpha.responses.retrieve(response.id, { stream: true }))).toEqual(live)
    const rest = await alpha.responses.retrieve(response.id, { stream: true, starting_after: 6 })
    expect(await collect(rest)).toEqual(live.slice(7))
    await expect(rig.beta.responses.retrieve(response.id, { stream: true })).rejects.toThrow(
      OpenAI.NotFoundError,
    )
  })

  it('follows a background response by the clock, after its first stream was dropped', async () => {
    const { alpha, upstream } = rig
    upstream.control.setProfile('alpha', { ttftMs: 100, tokensPerSecond: 10, outputTokens: 3 })
    const body = { model, input: 'x', background: true, stream: true }
    const socket = post(upstream, '/v1/responses', body, 'sk-a')
    const opening = await readUntil(socket, text => text.includes('response.in_progress'))
    expect(eventTypes(bodyOf(opening))).toEqual([
      'response.queued',
      'response.created',
      'response.in_progress',
    ])
    socket.destroy()
    await until(() => upstream.control.stats().total.concurrency.current === 0)
    clock.advance(200)
    const id = upstream.control.requests()[0]!.responseId!
    const stream = await alpha.responses.retrieve(id, { stream: true, starting_after: 2 })
    const iterator = stream[Symbol.asyncIterator]()
    const next = async () => (await iterator.next()).value as ResponseStreamEvent
    const types = [await next(), await next(), await next(), await next()].map(event => event.type)
    const delta = 'response.output_text.delta'
    expect(types).toEqual(['response.output_item.added', 'response.content_part.added', delta, delta])
    expect((await alpha.responses.retrieve(id)).status).toBe('queued')
    clock.advance(100)
    const rest = [await next(), await next(), await next(), await next(), await next()]
    expect(rest[0]).toMatchObject({ type: delta, sequence_number: 7 })
    expect(rest[4]).toMatchObject({ type: 'response.completed', response: { status: 'completed' } })
    expect((await alpha.responses.retrieve(id)).status).toBe('completed')
    clock.advance(0)
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends the streams of a background response that is cancelled or deleted', async () => {
    const { alpha, upstream } = rig
    upstream.control.setProfile('alpha', { ttftMs: 1000 })
    for (const stop of ['cancel', 'delete'] as const) {
      const stream = await alpha.responses.create({ model, input: 'x', background: true, stream: true })
      const ended = collect(stream)
      const id = upstream.control.requests().at(-1)!.responseId!
      await alpha.responses[stop](id)
      expect((await ended).map(event => event.type)).toEqual([
        'response.queued',
        'response.created',
        'response.in_progress',
      ])
    }
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends a stream that follows a deleted response, and leaves the one that made it', async () => {
    const { alpha, upstream } = rig
    upstream.control.setProfile('alpha', { ttftMs: 1000 })
    const making = collect(await alpha.responses.create({ model, input: 'x', stream: true }))
    const id = upstream.control.requests()[0]!.responseId!
    const following = collect(await alpha.responses.retrieve(id, { stream: true }))
    await alpha.responses.delete(id)
    expect((await following).map(event => event.type)).toEqual(['response.created', 'response.in_progress'])
    clock.advance(1000)
    expect((await making).at(-1)!.type).toBe('response.completed')
  })

  it('replays a failed response up to its failure', async () => {
    const { alpha, upstream } = rig
    upstream.control.fault({ fault: { kind: 'errorInside200', afterEvents: 2 }, times: 1 })
    const live = await collect(await alpha.responses.create({ model, input: 'x', stream: true }))
    const id = upstream.control.requests()[0]!.responseId!
    expect(await collect(await alpha.responses.retrieve(id, { stream: true }))).toEqual(live)
  })

  it('refuses a place that is no number', async () => {
    const { id } = await rig.alpha.responses.create({ model, input: 'x' })
    const path = `/responses/${id}?stream=true&starting_after=x`
    await expect(rig.alpha.get(path)).rejects.toMatchObject({ status: 400, param: 'starting_after' })
  })
})

describe('store: false', () => {
  it('leaves an id that no endpoint knows', async () => {
    const { alpha } = rig
    const { id } = await alpha.responses.create({ model, input: 'x', store: false })
    for (const ask of [alpha.responses.retrieve(id), alpha.responses.delete(id), alpha.responses.cancel(id)])
      await expect(ask).rejects.toThrow(OpenAI.NotFoundError)
  })
})

describe('encrypted reasoning', () => {
  it('comes when included, in JSON and in streams, and is accepted by its account', async () => {
    const { alpha } = rig
    const plain = await alpha.responses.create({ model, input: 'x', store: false })
    expect(plain.output.map(item => item.type)).toEqual(['message'])
    const first = await alpha.responses.create({ model, input: 'x', store: false, ...INCLUDE })
    expect(first.output).toMatchObject([
      { type: 'reasoning', encrypted_content: expect.stringMatching(/^gAAAA/) },
      { type: 'message' },
    ])
    const input = [
      { role: 'user' as const, content: 'x' },
      ...first.output,
      { role: 'user' as const, content: 'y' },
    ]
    const second = alpha.responses.stream({ model, input: input as never, store: false, ...INCLUDE })
    const { output, output_text } = await second.finalResponse()
    expect(output_text).toBe('This is alpha, turn 2. You said: y')
    expect(output.map(item => item.type)).toEqual(['reasoning', 'message'])
  })

  it('is refused at another account, and when nobody made it', async () => {
    const { output } = await rig.alpha.responses.create({ model, input: 'x', ...INCLUDE })
    const { encrypted_content } = output[0] as { encrypted_content: string }
    await expect(rig.beta.responses.create({ model, input: output as never })).rejects.toMatchObject({
      status: 400,
      code: 'invalid_encrypted_content',
      message: expect.stringContaining(
        `The encrypted content gAAA...${encrypted_content.slice(-4)} could not be verified.`,
      ),
    })
    const forged = [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'Working it out.' }]
    await expect(rig.alpha.responses.create({ model, input: forged as never })).rejects.toMatchObject({
      code: 'invalid_encrypted_content',
    })
  })

  it('refuses to include what there is not', async () => {
    await expect(
      rig.alpha.responses.create({ model, input: 'x', include: ['everything'] as never }),
    ).rejects.toMatchObject({ status: 400, param: 'include' })
  })
})

describe('references inside the input', () => {
  it('resolve items of stored responses and of conversations at their account alone', async () => {
    const { alpha, beta } = rig
    const { output } = await alpha.responses.create({ model, input: 'x' })
    const items = [{ role: 'user' as const, content: 'kept' }]
    const conversation = await alpha.conversations.create({ items })
    await alpha.conversations.items.create(conversation.id, { items })
    await alpha.responses.create({ model, input: 'x', conversation: conversation.id, store: false })
    const listed = (await alpha.conversations.items.list(conversation.id)).data.map(item => item.id!)
    expect(listed).toHaveLength(4)
    for (const id of [output[0]!.id!, ...listed]) {
      const input = [
        { type: 'item_reference' as const, id },
        { role: 'user' as const, content: 'go on' },
      ]
      expect((await alpha.responses.create({ model, input })).status).toBe('completed')
      await expect(beta.responses.create({ model, input })).rejects.toMatchObject({
        status: 404,
        param: 'input',
      })
    }
  })

  it('resolve files, vector stores and containers at their account alone', async () => {
    const { alpha, beta } = rig
    const file = await alpha.files.create({ file: new File(['text'], 'a.txt'), purpose: 'user_data' })
    const store = await alpha.vectorStores.create({ file_ids: [file.id] })
    const box = await alpha.containers.create({ name: 'box' })
    const requests = [
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: file.id }] }] },
      { input: 'x', tools: [{ type: 'file_search', vector_store_ids: [store.id] }] },
      { input: 'x', tools: [{ type: 'code_interpreter', container: box.id }] },
    ]
    for (const request of requests) {
      expect((await alpha.responses.create({ model, ...request } as never)).id).toMatch(/^resp_/)
      await expect(beta.responses.create({ model, ...request } as never)).rejects.toThrow(
        OpenAI.NotFoundError,
      )
    }
  })
})

describe('compaction', () => {
  it('gives the user messages of a chain and one item that its account accepts', async () => {
    const { alpha, beta } = rig
    const first = await alpha.responses.create({ model, input: 'one' })
    const second = await alpha.responses.create({ model, input: 'two', previous_response_id: first.id })
    const compacted = await alpha.responses.compact({
      model,
      previous_response_id: second.id,
      input: 'three',
    })
    expect(compacted.object).toBe('response.compaction')
    expect(compacted.output.map(item => item.type)).toEqual(['message', 'message', 'message', 'compaction'])
    expect(compacted.usage.input_tokens).toBeGreaterThan(second.usage!.total_tokens)
    const input = [...compacted.output, { role: 'user' as const, content: 'four' }] as never
    expect((await alpha.responses.create({ model, input })).output_text).toContain('turn 4')
    await expect(beta.responses.create({ model, input })).rejects.toMatchObject({
      code: 'invalid_encrypted_content',
    })
    await expect(beta.responses.compact({ model, previous_response_id: second.id })).rejects.toMatchObject({
      code: 'previous_response_not_found',
    })
  })

  it('is a generation: it takes a place', async () => {
    await rig.alpha.responses.compact({ model, input: 'x' })
    expect(rig.upstream.control.stats().accounts['alpha']).toMatchObject({
      byEndpoint: { 'responses.compact': 1 },
      concurrency: { max: 1 },
    })
  })
})

describe('counting input tokens', () => {
  it('says what a create would read, and takes no place', async () => {
    const { alpha } = rig
    const first = await alpha.responses.create({ model, input: 'Good morning' })
    const body = { model, input: 'And good night', previous_response_id: first.id }
    const counted = await alpha.responses.inputTokens.count(body)
    expect(counted.object).toBe('response.input_tokens')
    const second = await alpha.responses.create(body)
    expect(counted.input_tokens).toBe(second.usage!.input_tokens)
    rig.upstream.control.reset()
    await alpha.responses.inputTokens.count({ model, input: 'x' })
    expect(rig.upstream.control.stats().total.concurrency.max).toBe(0)
    await expect(rig.beta.responses.inputTokens.count(body)).rejects.toMatchObject({
      code: 'previous_response_not_found',
    })
  })
})
