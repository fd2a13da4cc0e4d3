/** What a user of the official SDK sees of everything that is stored upstream. The mock's own log is the judge. */
import OpenAI, { toFile } from 'openai'
import { describe, expect, it } from 'vitest'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'

const model = 'gpt-5.1'
const accounts = ['a1', 'a2', 'a3', 'a4', 'a5'].map(id => ({ id }))

/** The accounts that were asked about one thing: the owner alone, when all went as it should. */
function askedBy(gateway: TestGateway, prefix: string): Set<string | null> {
  const asked = gateway.mock.requests().filter(({ endpoint }) => endpoint.startsWith(prefix))
  return new Set(asked.map(({ account }) => account))
}

async function failure(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(OpenAI.APIError)
  return error as InstanceType<typeof OpenAI.APIError>
}

/** Other work, so that an account chosen anew would be another one. */
async function noise(sdk: OpenAI): Promise<void> {
  await Promise.all(
    Array.from({ length: 10 }, () => sdk.responses.create({ model, input: 'noise', max_output_tokens: 1 })),
  )
}

describe('a conversation', () => {
  it('lives at one account: its items, its turns, its end', async () => {
    const gateway = await gatewayForTest({ accounts })
    const sdk = gateway.sdk()
    const message = (text: string) => ({ type: 'message', role: 'user', content: text }) as const
    const { id } = await sdk.conversations.create({ items: [message('one')], metadata: { topic: 'x' } })
    await noise(sdk)
    expect((await sdk.conversations.retrieve(id)).metadata).toEqual({ topic: 'x' })
    await sdk.conversations.update(id, { metadata: { topic: 'y' } })
    const added = await sdk.conversations.items.create(id, { items: [message('two')] })
    const item = added.data[0] as { readonly id: string }
    expect((await sdk.conversations.items.retrieve(item.id, { conversation_id: id })).type).toBe('message')
    const answer = await sdk.responses.create({ model, input: 'three', conversation: id })
    const listed: string[] = []
    for await (const one of sdk.conversations.items.list(id)) listed.push((one as { id: string }).id)
    expect(listed).toContain(item.id)
    expect(listed).toContain(answer.output[0]!.id)
    // Told by the list alone: what was said, which the gateway saw without its id.
    for (const known of listed) await sdk.conversations.items.retrieve(known, { conversation_id: id })
    await sdk.conversations.items.delete(item.id, { conversation_id: id })
    const gone = await failure(sdk.conversations.items.retrieve(item.id, { conversation_id: id }))
    expect([gone.status, gone.code]).toEqual([404, 'item_not_found'])
    expect((await sdk.conversations.delete(id)).deleted).toBe(true)
    expect((await failure(sdk.conversations.retrieve(id))).code).toBe('conversation_not_found')
    expect(askedBy(gateway, 'conversations.').size).toBe(1)
  })

  it('that could not be made is made elsewhere, although its account said 200', async () => {
    const gateway = await gatewayForTest({ accounts })
    gateway.mock.fault({ times: 2, fault: { kind: 'errorInside200' } })
    const { id } = await gateway.sdk().conversations.create()
    expect(id).toMatch(/^conv_/)
    expect(
      gateway.mock.requests().filter(({ endpoint }) => endpoint === 'conversations.create'),
    ).toHaveLength(3)
  })

  it('may be made without a body', async () => {
    const gateway = await gatewayForTest({ accounts })
    const answer = await gateway.fetch('/v1/conversations', { method: 'POST' })
    expect([answer.status, (await answer.json()).object]).toEqual([200, 'conversation'])
  })
})

describe('a file', () => {
  it('is uploaded, read back and deleted at one account', async () => {
    const gateway = await gatewayForTest({ accounts })
    const sdk = gateway.sdk()
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251))
    const made = await sdk.files.create({ file: await toFile(bytes, 'numbers.bin'), purpose: 'user_data' })
    await noise(sdk)
    expect(await sdk.files.retrieve(made.id)).toMatchObject({ bytes: 100_000, filename: 'numbers.bin' })
    const content = await sdk.files.content(made.id)
    expect(content.headers.get('content-type')).toBe('application/octet-stream')
    expect(content.headers.get('content-disposition')).toContain('numbers.bin')
    const back = Buffer.from(await content.arrayBuffer())
    expect(back.length).toBe(bytes.length)
    expect(back.subarray(0, 1000)).toEqual(bytes.subarray(0, 1000))
    expect((await sdk.files.delete(made.id)).deleted).toBe(true)
    const gone = await failure(sdk.files.retrieve(made.id))
    expect([gone.status, gone.code]).toEqual([404, 'file_not_found'])
    expect(askedBy(gateway, 'files.').size).toBe(1)
    expect(await gateway.slotsInUse()).toBe(0)
  })

  it('draws what is made of it to its account: vector store, container, batch', async () => {
    const gateway = await gatewayForTest({ accounts })
    const sdk = gateway.sdk()
    const file = await sdk.files.create({
      file: await toFile(Buffer.from('{}\n'), 'in.jsonl'),
      purpose: 'batch',
    })
    await noise(sdk)
    const store = await sdk.vectorStores.create({ name: 'notes', file_ids: [file.id] })
    expect((await sdk.vectorStores.retrieve(store.id)).file_counts.total).toBe(1)
    await sdk.vectorStores.update(store.id, { name: 'other' })
    const batch = await sdk.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/responses',
      completion_window: '24h',
    })
    expect((await sdk.batches.retrieve(batch.id)).status).toBe('in_progress')
    expect((await sdk.batches.cancel(batch.id)).status).toBe('cancelling')
    expect((await sdk.vectorStores.delete(store.id)).deleted).toBe(true)
    const asked = new Set([...askedBy(gateway, 'files.'), ...askedBy(gateway, 'vector_stores.')])
    expect(new Set([...asked, ...askedBy(gateway, 'batches.')]).size).toBe(1)
  })

  it('cannot be named by another tenant, nor together with one that lies elsewhere', async () => {
    const gateway = await gatewayForTest({
      accounts,
      clients: [{ name: 'team', batches: true }, { name: 'mallory' }],
    })
    const sdk = gateway.sdk()
    const upload = async () =>
      (await sdk.files.create({ file: await toFile(Buffer.from('x'), 'x'), purpose: 'user_data' })).id
    const ids = await Promise.all(Array.from({ length: 10 }, upload))
    expect(askedBy(gateway, 'files.').size).toBeGreaterThan(1)
    const apart = await failure(sdk.vectorStores.create({ file_ids: ids }))
    expect([apart.status, apart.code]).toEqual([400, 'conflicting_owners'])
    const refused = (id: string) => failure(gateway.sdk('mallory').vectorStores.create({ file_ids: [id] }))
    const foreign = await refused(ids[0]!)
    const unknown = await refused('file-unknown')
    expect([foreign.status, foreign.code]).toEqual([404, 'file_not_found'])
    expect(foreign.message.replace(ids[0]!, 'ID')).toBe(unknown.message.replace('file-unknown', 'ID'))
    expect(askedBy(gateway, 'vector_stores.').size).toBe(0)
  })
})

describe('a container', () => {
  it('is made, found and deleted at one account', async () => {
    const gateway = await gatewayForTest({ accounts })
    const sdk = gateway.sdk()
    const { id } = await sdk.containers.create({ name: 'sandbox' })
    await noise(sdk)
    expect((await sdk.containers.retrieve(id)).name).toBe('sandbox')
    await sdk.containers.delete(id)
    expect((await failure(sdk.containers.retrieve(id))).code).toBe('container_not_found')
    expect(askedBy(gateway, 'containers.').size).toBe(1)
  })
})

describe('a stored chat completion', () => {
  it.each(['json', 'stream'] as const)('is found again where it was made, as %s', async wire => {
    const gateway = await gatewayForTest({ accounts })
    const sdk = gateway.sdk()
    const body = { model, messages: [{ role: 'user' as const, content: 'hi' }], store: true }
    let id = ''
    if (wire === 'json') id = (await sdk.chat.completions.create(body)).id
    else for await (const chunk of await sdk.chat.completions.create({ ...body, stream: true })) id = chunk.id
    await noise(sdk)
    expect((await sdk.chat.completions.retrieve(id)).id).toBe(id)
    await sdk.chat.completions.update(id, { metadata: { seen: 'yes' } })
    const messages: unknown[] = []
    for await (const message of sdk.chat.completions.messages.list(id)) messages.push(message.content)
    expect(messages).toEqual(['hi'])
    expect((await sdk.chat.completions.delete(id)).deleted).toBe(true)
    expect((await failure(sdk.chat.completions.retrieve(id))).code).toBe('chat_completion_not_found')
    expect(askedBy(gateway, 'chat.completions.').size).toBe(1)
  })
})

describe('a background response', () => {
  const running = (outputTokens: number) =>
    accounts.map(({ id }) => ({ id, profile: { tokensPerSecond: 1000, outputTokens } }))

  it('is polled, resumed from any event and cancelled at its owner', async () => {
    const gateway = await gatewayForTest({ accounts: running(60_000) })
    const sdk = gateway.sdk()
    const queued = await sdk.responses.create({ model, input: 'long', background: true })
    expect(['queued', 'in_progress']).toContain(queued.status)
    await noise(sdk)
    expect((await sdk.responses.retrieve(queued.id)).id).toBe(queued.id)
    const sequence: number[] = []
    for await (const event of await sdk.responses.retrieve(queued.id, { stream: true, starting_after: 5 })) {
      sequence.push(event.sequence_number)
      if (sequence.length === 3) break
    }
    expect(sequence).toEqual([6, 7, 8])
    const cancelled = await sdk.responses.cancel(queued.id)
    expect(cancelled.status).toBe('cancelled')
    expect((await sdk.responses.retrieve(queued.id)).status).toBe('cancelled')
    expect((await sdk.responses.inputItems.list(queued.id)).data).toHaveLength(1)
    const owned = ['responses.retrieve', 'responses.cancel', 'responses.input_items']
    const asked = gateway.mock.requests().filter(({ endpoint }) => owned.includes(endpoint))
    expect(new Set(asked.map(({ account }) => account)).size).toBe(1)
  })

  it('that streams goes on without its client, and is heard to its end by another connection', async () => {
    const gateway = await gatewayForTest({ accounts: running(300) })
    const sdk = gateway.sdk()
    let id = ''
    let last = 0
    const first = await sdk.responses.create({ model, input: 'long', background: true, stream: true })
    for await (const event of first) {
      if (event.type === 'response.created') id = event.response.id
      last = event.sequence_number
      if (last >= 10) break
    }
    let status: string | undefined
    let expected = last + 1
    for await (const event of await sdk.responses.retrieve(id, { stream: true, starting_after: last })) {
      expect(event.sequence_number).toBe(expected++)
      if (event.type === 'response.completed') status = event.response.status
    }
    expect(status).toBe('completed')
  })
})
