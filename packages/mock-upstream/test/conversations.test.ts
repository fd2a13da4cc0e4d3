import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { createManualClock } from '../src/index.ts'
import { useRig } from './endpoints-rig.ts'
import { post, until } from './raw-client.ts'

const clock = createManualClock()
const rig = useRig({ clock })
const model = 'gpt-5.1'
const user = (content: string) => ({ role: 'user' as const, content })

describe('conversations', () => {
  it('are created, read, updated and deleted at their account alone', async () => {
    const { alpha, beta } = rig
    const { id } = await alpha.conversations.create({ metadata: { topic: 'one' } })
    expect(id).toMatch(/^conv_/)
    expect(await alpha.conversations.retrieve(id)).toMatchObject({
      object: 'conversation',
      metadata: { topic: 'one' },
    })
    await expect(beta.conversations.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError)
    await expect(beta.conversations.delete(id)).rejects.toThrow(OpenAI.NotFoundError)
    expect(await alpha.conversations.update(id, { metadata: { topic: 'two' } })).toMatchObject({
      metadata: { topic: 'two' },
    })
    expect(rig.upstream.control.stats().accounts['alpha']!.conversations).toBe(1)
    expect(await alpha.conversations.delete(id)).toEqual({
      id,
      object: 'conversation.deleted',
      deleted: true,
    })
    await expect(alpha.conversations.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError)
  })

  it('may be created without a body', async () => {
    expect(await rig.alpha.conversations.create()).toMatchObject({ object: 'conversation', metadata: {} })
  })

  it('keep items that are added, listed by pages, read and deleted', async () => {
    const { alpha } = rig
    const { id } = await alpha.conversations.create({ items: [user('one')] })
    const added = await alpha.conversations.items.create(id, { items: [user('two'), user('three')] })
    expect(added.data).toHaveLength(2)
    const texts: unknown[] = []
    for await (const item of alpha.conversations.items.list(id, { limit: 2, order: 'asc' })) {
      texts.push((item as { content: { text: string }[] }).content[0]!.text)
    }
    expect(texts).toEqual(['one', 'two', 'three'])
    const itemId = (added.data[0] as { id: string }).id
    const item = await alpha.conversations.items.retrieve(itemId, { conversation_id: id })
    expect(item).toMatchObject({
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text: 'two' }],
    })
    expect((await alpha.conversations.items.delete(itemId, { conversation_id: id })).id).toBe(id)
    await expect(alpha.conversations.items.retrieve(itemId, { conversation_id: id })).rejects.toThrow(
      OpenAI.NotFoundError,
    )
  })
})

describe('a response in a conversation', () => {
  it('reads its items and appends input and output, named by string or by object', async () => {
    const { alpha } = rig
    const { id } = await alpha.conversations.create({ items: [user('earlier')] })
    const first = await alpha.responses.create({ model, input: 'now', conversation: id })
    expect(first.output_text).toBe('This is alpha, turn 2. You said: now')
    expect(first.conversation).toEqual({ id })
    const stream = await alpha.responses.create({ model, input: 'then', conversation: { id }, stream: true })
    for await (const event of stream)
      if (event.type === 'response.completed')
        expect(JSON.stringify(event.response.output)).toContain('turn 3')
    const items = await alpha.conversations.items.list(id)
    expect(items.data.map(item => (item as { role: string }).role)).toEqual([
      'assistant',
      'user',
      'assistant',
      'user',
      'user',
    ])
    expect(items.data[2]!.id).toBe(first.output[0]!.id)
    expect(rig.upstream.control.requests().filter(({ conversation }) => conversation === id)).toHaveLength(2)
  })

  it('is refused for a conversation of another account, or beside previous_response_id', async () => {
    const { alpha, beta } = rig
    const { id: conversation } = await alpha.conversations.create()
    await expect(beta.responses.create({ model, input: 'x', conversation })).rejects.toThrow(
      OpenAI.NotFoundError,
    )
    const { id } = await alpha.responses.create({ model, input: 'x' })
    await expect(
      alpha.responses.create({ model, input: 'x', conversation, previous_response_id: id }),
    ).rejects.toMatchObject({ status: 400, code: 'mutually_exclusive_parameters' })
  })

  it('locks the conversation until it ends, is cancelled, or its client leaves', async () => {
    const { alpha, upstream } = rig
    upstream.control.setProfile('alpha', { ttftMs: 1000 })
    const { id: conversation } = await alpha.conversations.create()
    const locked = { status: 400, code: 'conversation_locked', param: 'conversation' }
    const body = { model, input: 'x', conversation }
    const running = () => upstream.control.stats().total.concurrency.current
    const ask = () => alpha.responses.create(body)

    const first = ask()
    await until(() => running() === 1)
    await expect(ask()).rejects.toMatchObject(locked)
    clock.advance(1000)
    await first

    const socket = post(upstream, '/v1/responses', body, 'sk-a')
    await until(() => running() === 1)
    await expect(ask()).rejects.toMatchObject(locked)
    socket.destroy()
    await until(() => running() === 0)

    const { id } = await alpha.responses.create({ ...body, background: true })
    await expect(ask()).rejects.toMatchObject(locked)
    await alpha.responses.cancel(id)
    const items = await alpha.conversations.items.list(conversation)
    expect(items.data).toHaveLength(2)
    await alpha.responses.create({ ...body, background: true })
  })
})
