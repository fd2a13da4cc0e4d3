/** An upstream of which only its kind is known says itself what it lacks, through real sockets. */
import { expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestAccount } from '../fixtures/gateway.ts'

const profile = { dialect: 'vllm' } as const
/** Nothing is said of its capabilities. */
const open: TestAccount = { id: 'open', profile, config: { capabilities: {} } }
const told: TestAccount = { id: 'open', profile, config: { capabilities: { chat: true } } }
const noEmbeddings = {
  endpoint: 'embeddings',
  fault: { kind: 'status', status: 404, body: { detail: 'Not Found' } },
} as const
const embed = { json: { model: 'gpt-5.1', input: 'hello' } }

it('is asked once for what costs nothing, and not for what it said it lacks', async () => {
  const gateway = await gatewayForTest({ accounts: [told] })
  const asked = () =>
    gateway.mock.requests().filter(({ endpoint, bodyBytes }) => endpoint === 'embeddings' && bodyBytes > 2)
  expect(gateway.mock.requests()).toEqual([])
  gateway.mock.fault(noEmbeddings)
  // Its operator has spoken: it is asked whatever it answers.
  expect((await gateway.fetch('/v1/embeddings', embed)).status).toBe(502)
  expect(asked()).toHaveLength(1)

  await gateway.reload({ accounts: [open] })
  await eventually(async () => {
    const before = asked().length
    const answer = await gateway.fetch('/v1/embeddings', embed)
    return answer.status !== 502 && asked().length === before
  })
  const probes = gateway.mock.requests().filter(({ bodyBytes }) => bodyBytes === 2)
  expect(probes.map(({ endpoint }) => endpoint).toSorted()).toEqual([
    'chat.completions',
    'embeddings',
    'responses.create',
  ])
  // What it has goes on being served, and nobody counted the probes.
  expect((await gateway.fetch('/v1/responses', embed)).status).toBe(200)
  expect(await gateway.metric('headgate_account_error_rate{pool="default",account="open"}')).toBe(0)
})

it('is not asked where the file says so', async () => {
  const gateway = await gatewayForTest({
    accounts: [{ ...open, config: { capabilities: {}, discover: false } }],
  })
  expect((await gateway.fetch('/v1/responses', embed)).status).toBe(200)
  expect(gateway.mock.requests()).toHaveLength(1)
})
