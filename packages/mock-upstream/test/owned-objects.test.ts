import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { useRig } from './endpoints-rig.ts'

const rig = useRig()
const inputFile = () => rig.alpha.files.create({ file: new File(['{}\n'], 'in.jsonl'), purpose: 'batch' })

describe('vector stores', () => {
  it('are made of files of the account, read, updated, listed and deleted there alone', async () => {
    const { alpha, beta } = rig
    const file = await inputFile()
    const store = await alpha.vectorStores.create({ name: 'docs', file_ids: [file.id] })
    expect(store).toMatchObject({ object: 'vector_store', name: 'docs', file_counts: { total: 1 } })
    expect(await alpha.vectorStores.retrieve(store.id)).toEqual(store)
    expect((await alpha.vectorStores.update(store.id, { name: 'papers' })).name).toBe('papers')
    expect((await alpha.vectorStores.list()).data.map(({ id }) => id)).toEqual([store.id])
    await expect(beta.vectorStores.create({ file_ids: [file.id] })).rejects.toThrow(OpenAI.NotFoundError)
    await expect(beta.vectorStores.retrieve(store.id)).rejects.toThrow(OpenAI.NotFoundError)
    expect((await alpha.vectorStores.delete(store.id)).deleted).toBe(true)
    await expect(alpha.vectorStores.retrieve(store.id)).rejects.toThrow(OpenAI.NotFoundError)
  })
})

describe('containers', () => {
  it('are made, read, listed and deleted at their account alone', async () => {
    const { alpha, beta } = rig
    const container = await alpha.containers.create({ name: 'box', memory_limit: '4g' })
    expect(container).toMatchObject({
      object: 'container',
      name: 'box',
      status: 'running',
      memory_limit: '4g',
    })
    expect(await alpha.containers.retrieve(container.id)).toEqual(container)
    expect((await alpha.containers.list()).data).toHaveLength(1)
    expect((await beta.containers.list()).data).toHaveLength(0)
    await expect(beta.containers.delete(container.id)).rejects.toThrow(OpenAI.NotFoundError)
    await alpha.containers.delete(container.id)
    await expect(alpha.containers.retrieve(container.id)).rejects.toThrow(OpenAI.NotFoundError)
  })
})

describe('batches', () => {
  const over = (input_file_id: string) => ({
    ...{ input_file_id, endpoint: '/v1/responses' as const, completion_window: '24h' as const },
  })

  it('are made over a file of the account, read, listed and cancelled there alone', async () => {
    const { alpha, beta } = rig
    const file = await inputFile()
    const batch = await alpha.batches.create({ ...over(file.id), metadata: { night: 'run' } })
    expect(batch).toMatchObject({ object: 'batch', status: 'validating', metadata: { night: 'run' } })
    expect((await alpha.batches.retrieve(batch.id)).status).toBe('in_progress')
    expect((await alpha.batches.list()).data.map(({ id }) => id)).toEqual([batch.id])
    await expect(beta.batches.retrieve(batch.id)).rejects.toThrow(OpenAI.NotFoundError)
    await expect(beta.batches.cancel(batch.id)).rejects.toThrow(OpenAI.NotFoundError)
    expect((await alpha.batches.cancel(batch.id)).status).toBe('cancelling')
    expect((await alpha.batches.retrieve(batch.id)).status).toBe('cancelled')
    expect((await alpha.batches.cancel(batch.id)).status).toBe('cancelled')
  })

  it('are refused over a file of another account', async () => {
    const file = await inputFile()
    await expect(rig.beta.batches.create(over(file.id))).rejects.toMatchObject({
      status: 400,
      param: 'input_file_id',
    })
  })
})

describe('stored chat completions', () => {
  const ask = (text: string, more: object = {}) => ({
    ...{ model: 'gpt-4o', messages: [{ role: 'user' as const, content: text }], store: true, ...more },
  })

  it('are kept when asked, from JSON and from streams, at their account alone', async () => {
    const { alpha, beta } = rig
    const kept = await alpha.chat.completions.create(ask('one', { metadata: { topic: 'a' } }))
    let streamed = ''
    for await (const chunk of await alpha.chat.completions.create({ ...ask('two'), stream: true }))
      streamed = chunk.id
    const dropped = await alpha.chat.completions.create(ask('three', { store: false }))
    expect(await alpha.chat.completions.retrieve(kept.id)).toEqual({ ...kept, metadata: { topic: 'a' } })
    expect((await alpha.chat.completions.retrieve(streamed)).choices[0]!.message.content).toContain('two')
    for (const request of [
      alpha.chat.completions.retrieve(dropped.id),
      beta.chat.completions.retrieve(kept.id),
    ])
      await expect(request).rejects.toThrow(OpenAI.NotFoundError)
    const listed: string[] = []
    for await (const { id } of alpha.chat.completions.list({ limit: 1 })) listed.push(id)
    expect(listed).toEqual([kept.id, streamed])
    const filtered = await alpha.chat.completions.list({ metadata: { topic: 'a' }, model: 'gpt-4o' })
    expect(filtered.data.map(({ id }) => id)).toEqual([kept.id])
    expect((await alpha.chat.completions.list({ model: 'gpt-5' })).data).toEqual([])
  })

  it('give their messages, take new metadata and are deleted', async () => {
    const { alpha } = rig
    const { id } = await alpha.chat.completions.create(ask('one'))
    const messages = await alpha.chat.completions.messages.list(id)
    expect(messages.data).toMatchObject([{ id: `${id}-0`, role: 'user', content: 'one' }])
    expect(await alpha.chat.completions.update(id, { metadata: { seen: 'yes' } })).toMatchObject({
      metadata: { seen: 'yes' },
    })
    expect(await alpha.chat.completions.delete(id)).toEqual({
      ...{ id, object: 'chat.completion.deleted', deleted: true },
    })
    await expect(alpha.chat.completions.messages.list(id)).rejects.toThrow(OpenAI.NotFoundError)
  })

  it('do not keep a stream that its client left', async () => {
    const { alpha, upstream } = rig
    upstream.control.setProfile('alpha', { tokensPerSecond: 1, outputTokens: 50 })
    const stream = await alpha.chat.completions.create({ ...ask('x'), stream: true })
    for await (const _ of stream) break
    expect((await alpha.chat.completions.list()).data).toEqual([])
  })
})

describe('lists', () => {
  it('refuse a limit, an order and a cursor that cannot be', async () => {
    for (const query of ['limit=0', 'limit=x', 'order=up', 'after=file-nowhere'])
      await expect(rig.alpha.get(`/files?${query}`)).rejects.toMatchObject({ status: 400 })
  })
})

it('forgets everything on reset', async () => {
  const { alpha, upstream } = rig
  await inputFile()
  await alpha.conversations.create()
  upstream.control.reset()
  expect((await alpha.files.list()).data).toEqual([])
  expect(upstream.control.stats().total).toMatchObject({ files: 0, conversations: 0 })
})
