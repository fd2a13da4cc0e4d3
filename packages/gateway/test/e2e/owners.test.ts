/** What a body names is served where it is stored, by whoever's it is, and by nobody else. The mock's own log is the judge. */
import { describe, expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { accountsAsked, misrouted } from '../fixtures/mock-log.ts'

const model = 'gpt-5.1'
const clients = [{ name: 'alice' }, { name: 'mallory' }]
/** Nothing but ownership leads a request home. */
const pools = { default: { accounts: ['*'], fingerprint: false } }

/** A way to name something in a body. */
interface Kind {
  readonly kind: string
  readonly path?: string
  readonly body: (id: unknown) => object
  readonly code: string
  readonly status: number
}

const input = (...items: object[]) => ({ model, input: items })
const said = { role: 'user', content: [{ type: 'input_text', text: 'x' }] }

const kinds: readonly Kind[] = [
  {
    kind: 'a previous response',
    body: id => ({ model, input: 'x', previous_response_id: id }),
    code: 'previous_response_not_found',
    status: 400,
  },
  {
    kind: 'a conversation',
    body: id => ({ model, input: 'x', conversation: id }),
    code: 'conversation_not_found',
    status: 404,
  },
  {
    kind: 'a conversation as an object',
    body: id => ({ model, input: 'x', conversation: id === null ? null : { id } }),
    code: 'conversation_not_found',
    status: 404,
  },
  {
    kind: 'an item reference',
    body: id => input(said, { type: 'item_reference', id }),
    code: 'item_not_found',
    status: 404,
  },
  {
    kind: 'an item reference without a type',
    body: id => input(said, { id }),
    code: 'item_not_found',
    status: 404,
  },
  {
    kind: 'reasoning by its id',
    body: id => input(said, { type: 'reasoning', id, summary: [] }),
    code: 'item_not_found',
    status: 404,
  },
  {
    kind: 'an image by its id',
    body: id => input(said, { type: 'image_generation_call', id, status: 'completed', result: null }),
    code: 'item_not_found',
    status: 404,
  },
  {
    kind: 'encrypted reasoning',
    body: id => input(said, { type: 'reasoning', summary: [], encrypted_content: id }),
    code: 'invalid_encrypted_content',
    status: 400,
  },
  {
    kind: 'a compaction',
    body: id => input({ type: 'compaction', encrypted_content: id }, said),
    code: 'invalid_encrypted_content',
    status: 400,
  },
  {
    kind: 'an input file',
    body: id => input({ role: 'user', content: [{ type: 'input_file', file_id: id }] }),
    code: 'file_not_found',
    status: 404,
  },
  {
    kind: 'a file in a chat',
    path: '/v1/chat/completions',
    body: id => ({ model, messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: id } }] }] }),
    code: 'file_not_found',
    status: 404,
  },
  {
    kind: 'a vector store',
    body: id => ({ model, input: 'x', tools: [{ type: 'file_search', vector_store_ids: [id] }] }),
    code: 'vector_store_not_found',
    status: 404,
  },
  {
    kind: 'a container',
    body: id => ({ model, input: 'x', tools: [{ type: 'code_interpreter', container: id }] }),
    code: 'container_not_found',
    status: 404,
  },
  {
    kind: 'files of a container',
    body: id => ({
      model,
      input: 'x',
      tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids: [id] } }],
    }),
    code: 'file_not_found',
    status: 404,
  },
  {
    kind: 'a file of a prompt',
    body: id => ({ model, prompt: { id: 'pmpt_1', variables: { f: { type: 'input_file', file_id: id } } } }),
    code: 'file_not_found',
    status: 404,
  },
]

/** An answer without what is the request's own: its id, its date, and the id it asked for. */
async function told(answer: Response, id: unknown) {
  const text = await answer.text()
  const requestId = answer.headers.get('x-request-id')!
  const shown = typeof id === 'string' ? id.slice(0, 60) : ''
  const body = text.replaceAll(requestId, '<request>').replace(/(?<=id '|object: ).*?(?='|")/, '<id>')
  return {
    status: answer.status,
    headers: [...answer.headers].filter(
      ([name]) => !['date', 'x-request-id', 'content-length'].includes(name),
    ),
    body: shown === '' ? body : body.replaceAll(shown, '<id>'),
  }
}

describe.each(kinds)('$kind that is not the tenant’s', ({ path = '/v1/responses', body, code, status }) => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['unknown', 'aa_0123456789abcdef'],
    ['malformed', 'a b/../c'],
    ['empty', ''],
    ['of 10 KB', 'x'.repeat(10_240)],
  ]

  it.each([false, true])(
    'gets one answer whatever is wrong with it, and reaches nobody (stream: %s)',
    async stream => {
      const gateway = await gatewayForTest({ clients, pools })
      const ask = async (client: string, id: unknown) =>
        told(await gateway.fetch(path, { client, json: { ...body(id), stream } }), id)
      const foreign = await foreignId(gateway, code)
      const first = await ask('mallory', foreign)
      expect(first.status).toBe(status)
      expect(first.body).toContain(`"code":"${code}"`)
      const before = gateway.mock.requests().length
      for (const [, id] of wrong) expect(await ask('mallory', id)).toEqual(first)
      expect(gateway.mock.requests()).toHaveLength(before)
    },
  )

  it('is not there when it is null', async () => {
    const gateway = await gatewayForTest({ clients, pools })
    const answer = await gateway.fetch(path, { json: body(null) })
    expect(await answer.text()).not.toContain(code)
  })
})

/** Something of alice's, of the kind that this error is about. */
async function foreignId(gateway: TestGateway, code: string): Promise<string> {
  const alice = gateway.sdk('alice')
  switch (code) {
    case 'previous_response_not_found':
      return (await alice.responses.create({ model, input: 'x' })).id
    case 'item_not_found':
      return (await alice.responses.create({ model, input: 'x' })).output[0]!.id!
    case 'invalid_encrypted_content':
      return (await sealed(gateway, 'alice')).encrypted_content!
    case 'conversation_not_found':
      return (await alice.conversations.create({})).id
    case 'file_not_found':
      return (await alice.files.create({ file: new File(['x'], 'x.txt'), purpose: 'user_data' })).id
    case 'vector_store_not_found':
      return (await alice.vectorStores.create({})).id
    default:
      return (await alice.containers.create({ name: 'x' })).id
  }
}

async function sealed(gateway: TestGateway, client: string) {
  const { output } = await gateway.sdk(client).responses.create({
    model,
    input: 'x',
    store: false,
    include: ['reasoning.encrypted_content'],
  })
  const reasoning = output.find(item => item.type === 'reasoning')!
  return reasoning
}

describe('a client without storage', () => {
  it.each([false, true])(
    'keeps to the account that can read its reasoning, turn after turn (stream: %s)',
    async stream => {
      const gateway = await gatewayForTest({ clients, pools })
      const sdk = gateway.sdk('alice')
      let history: object[] = [{ role: 'user', content: 'hello' }]
      for (let turn = 0; turn < 6; turn++) {
        const request = {
          model,
          input: history as never,
          store: false,
          include: ['reasoning.encrypted_content' as const],
        }
        const response = stream
          ? await sdk.responses.stream(request).finalResponse()
          : await sdk.responses.create(request)
        history = [...history, ...response.output, { role: 'user', content: `turn ${turn}` }]
      }
      expect(new Set(accountsAsked(gateway.mock)).size).toBe(1)
      expect(misrouted(gateway.mock)).toEqual([])
    },
  )
})

describe('what a body names', () => {
  const turns = 6

  it('leads an item reference to where the item is stored', async () => {
    const gateway = await gatewayForTest({ clients, pools })
    const sdk = gateway.sdk('alice')
    for (const stream of [false, true]) {
      const request = { model, input: 'x' }
      const { output } = stream
        ? await sdk.responses.stream(request).finalResponse()
        : await sdk.responses.create(request)
      for (let turn = 0; turn < turns; turn++) {
        await sdk.responses.create({
          model,
          input: [
            { type: 'item_reference', id: output[0]!.id! },
            { role: 'user', content: 'go on' },
          ],
          store: false,
        })
      }
    }
  })

  it('leads a conversation home, and so do the items said in it', async () => {
    const gateway = await gatewayForTest({ clients, pools })
    const sdk = gateway.sdk('alice')
    const conversation = await sdk.conversations.create({})
    for (let turn = 0; turn < turns; turn++) {
      const { output } = await sdk.responses.create({ model, input: 'x', conversation: conversation.id })
      await sdk.responses.create({ model, input: [{ type: 'item_reference', id: output[0]!.id! }] })
    }
    expect((await sdk.conversations.items.list(conversation.id)).data.length).toBeGreaterThanOrEqual(turns)
  })

  it('leads a file, a vector store and a container home', async () => {
    const gateway = await gatewayForTest({ clients, pools })
    const sdk = gateway.sdk('alice')
    const file = await sdk.files.create({ file: new File(['x'], 'x.txt'), purpose: 'user_data' })
    const store = await sdk.vectorStores.create({})
    const container = await sdk.containers.create({ name: 'x' })
    const input = [{ role: 'user' as const, content: [{ type: 'input_file' as const, file_id: file.id }] }]
    for (let turn = 0; turn < turns; turn++) {
      await sdk.responses.create({ model, input })
      await sdk.responses.create({
        model,
        input: 'x',
        tools: [{ type: 'file_search', vector_store_ids: [store.id] }],
      })
      await sdk.responses.create({
        model,
        input: 'x',
        tools: [{ type: 'code_interpreter', container: container.id }],
      })
    }
  })

  it('leads a compacted conversation home', async () => {
    const gateway = await gatewayForTest({ clients, pools })
    const sdk = gateway.sdk('alice')
    const { output } = await sdk.responses.compact({ model, input: 'a long story' })
    for (let turn = 0; turn < turns; turn++) {
      await sdk.responses.create({ model, input: output as never, store: false })
    }
  })

  it('is refused when it lies at two places', async () => {
    const gateway = await gatewayForTest({ clients, pools })
    const items = await sealedApart(gateway)
    const answer = await gateway.fetch('/v1/responses', { json: { model, input: [...items, said] } })
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('conflicting_owners')])
  })

  it('is taken on trust where the operator says so', async () => {
    const trusting = { default: { accounts: ['*'], owner: { unknown: 'passthrough' } } }
    const gateway = await gatewayForTest({ clients, pools: trusting })
    const item = { type: 'reasoning', summary: [], encrypted_content: 'gAAAAsomebody' }
    const answer = await gateway.fetch('/v1/responses', { json: { model, input: [item, said] } })
    // The upstream's own word, not the gateway's.
    expect(await answer.text()).toContain('could not be decrypted')
  })
})

/** Reasoning of alice's from two accounts. */
async function sealedApart(gateway: TestGateway): Promise<object[]> {
  const items = new Map<string | null, object>()
  while (items.size < 2) {
    const item = await sealed(gateway, 'alice')
    items.set(accountsAsked(gateway.mock).at(-1)!, item)
  }
  return [...items.values()]
}

describe('reasoning whose account is gone', () => {
  const accounts = [{ id: 'a1' }, { id: 'a2' }]
  const replay = { default: { ...pools.default, owner: { lost: 'replay' } } }

  /** A gateway that has lost the account which made the reasoning. */
  async function bereaved(set: typeof pools) {
    const options = { clients, accounts, pools: set }
    const gateway = await gatewayForTest(options)
    const reasoning = await sealed(gateway, 'alice')
    const maker = accountsAsked(gateway.mock).at(-1)
    await gateway.reload({ ...options, accounts: accounts.filter(({ id }) => id !== maker) })
    return { gateway, reasoning }
  }

  it('is refused, from which clients recover', async () => {
    const { gateway, reasoning } = await bereaved(pools)
    const before = gateway.mock.requests().length
    const answer = await gateway.fetch('/v1/responses', { json: { model, input: [reasoning, said] } })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('invalid_encrypted_content')
    expect(gateway.mock.requests()).toHaveLength(before)
  })

  it.each([false, true])(
    'is left out and said so, where the operator wants it (stream: %s)',
    async stream => {
      const { gateway, reasoning } = await bereaved(replay)
      const answer = await gateway.fetch('/v1/responses', {
        json: { model, input: [said, reasoning, said], stream, store: false },
      })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('x-headgate-replayed')).toBe('encrypted-items-removed')
      await answer.text()
    },
  )

  it('is left out when it lies apart from the latest', async () => {
    const gateway = await gatewayForTest({ clients, accounts, pools: replay })
    const [first, last] = await sealedApart(gateway)
    const answer = await gateway.fetch('/v1/responses', {
      json: { model, input: [first, said, last, said], store: false },
    })
    expect([answer.status, answer.headers.get('x-headgate-replayed')]).toEqual([
      200,
      'encrypted-items-removed',
    ])
    await answer.text()
  })

  it('does not take a stored conversation with it: there is no history here to replay', async () => {
    const options = { clients, accounts, pools: replay }
    const gateway = await gatewayForTest(options)
    const { id } = await gateway.sdk('alice').responses.create({ model, input: 'x' })
    const maker = accountsAsked(gateway.mock).at(-1)
    await gateway.reload({ ...options, accounts: accounts.filter(one => one.id !== maker) })
    const answer = await gateway.fetch('/v1/responses', {
      json: { model, input: 'y', previous_response_id: id },
    })
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('previous_response_not_found'),
    ])
  })
})

describe('work in the background', () => {
  const slow = [
    { id: 'a1', profile: { ttftMs: 300 } },
    { id: 'a2', profile: { ttftMs: 300 } },
  ]

  it('is polled where it runs, and holds a slot for no longer than it takes to begin it', async () => {
    const gateway = await gatewayForTest({ clients, accounts: slow, pools })
    const sdk = gateway.sdk('alice')
    const { id, status } = await sdk.responses.create({ model, input: 'x', background: true })
    expect(status).toBe('queued')
    expect(await gateway.slotsInUse()).toBe(0)
    await eventually(async () => (await sdk.responses.retrieve(id)).status === 'completed')
  })

  it('goes on when the client that follows it leaves', async () => {
    const gateway = await gatewayForTest({ clients, accounts: slow, pools })
    const sdk = gateway.sdk('alice')
    const stream = await sdk.responses.create({ model, input: 'x', background: true, stream: true })
    let id = ''
    for await (const event of stream) {
      if (event.type !== 'response.queued' && event.type !== 'response.created') continue
      id = event.response.id
      break
    }
    await eventually(async () => (await sdk.responses.retrieve(id)).status === 'completed')
    expect(await gateway.slotsInUse()).toBe(0)
  })
})
