/** What a body names is served where it is stored, by whoever's it is, and by nobody else. The mock's own log is the judge. */
import { describe, expect, it } from 'vitest'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { accountsAsked, misrouted } from '../fixtures/mock-log.ts'

const model = 'gpt-5.1'
const clients = [{ name: 'alice' }, { name: 'mallory' }]

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
      const gateway = await gatewayForTest({ clients })
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
    const gateway = await gatewayForTest({ clients })
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
    default:
      return 'file-0123456789'
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
      const gateway = await gatewayForTest({ clients })
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
