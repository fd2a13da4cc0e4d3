/** A key that a reload takes away ends what runs with it, and nothing else. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestGateway, type TestGatewayOptions } from '../fixtures/gateway.ts'
import { generations, running } from '../fixtures/mock-log.ts'
import { RawClient } from '../sockets/raw-client.ts'

const model = 'gpt-5.1'
const options: TestGatewayOptions = {
  accounts: [{ id: 'a1', config: { concurrency: 2 } }],
  clients: [{ name: 'leaver' }, { name: 'stayer' }],
}
const withoutLeaver: TestGatewayOptions = { ...options, clients: [{ name: 'stayer' }] }

const paths = { responses: '/v1/responses', chat: '/v1/chat/completions' } as const

/** A stream that has begun and goes on until somebody ends it. */
async function openStream(gateway: TestGateway, client: string, kind: keyof typeof paths = 'responses') {
  gateway.mock.fault({ fault: { kind: 'stall', afterEvents: 8 }, times: 1 })
  const input = kind === 'chat' ? { messages: [{ role: 'user', content: 'x' }] } : { input: 'x' }
  const answer = await gateway.fetch(paths[kind], { client, json: { model, stream: true, ...input } })
  expect(answer.status).toBe(200)
  return answer
}

/** A JSON request that has reached the upstream, which says nothing; the answer is still to come. */
async function openJson(gateway: TestGateway, client: string): Promise<{ answer: Promise<Response> }> {
  const before = generations(gateway.mock).length
  gateway.mock.fault({ fault: { kind: 'stall' }, times: 1 })
  const answer = gateway.fetch('/v1/responses', { client, json: { model, input: 'x' } })
  await eventually(() => generations(gateway.mock).length > before)
  return { answer }
}

const depth = (gateway: TestGateway) => gateway.metric('headgate_queue_depth{pool="default"}')
const isIdle = async (gateway: TestGateway): Promise<boolean> =>
  running(gateway.mock) === 0 && (await gateway.slotsInUse()) === 0

describe('a key revoked while running', () => {
  it.each(['responses', 'chat'] as const)(
    'ends its %s stream with an error event, and frees upstream and slot',
    async kind => {
      const gateway = await gatewayForTest(options)
      const stream = await openStream(gateway, 'leaver', kind)
      await gateway.reload(withoutLeaver)
      const text = await stream.text()
      const lastData = text.trimEnd().split('\n').at(-1)!
      const event = JSON.parse(lastData.slice('data: '.length))
      expect((event.error ?? event).code).toBe('key_revoked')
      expect(text).not.toContain('[DONE]')
      await eventually(() => isIdle(gateway))
    },
  )

  it('answers 401 to a request that runs or waits, and takes it out of the queue', async () => {
    const gateway = await gatewayForTest(options)
    const runs = [await openJson(gateway, 'leaver'), await openJson(gateway, 'leaver')]
    const waits = gateway.fetch('/v1/responses', { client: 'leaver', json: { model, input: 'x' } })
    await eventually(async () => (await depth(gateway)) === 1)
    await gateway.reload(withoutLeaver)
    for (const answer of await Promise.all([...runs.map(run => run.answer), waits])) {
      expect([answer.status, (await answer.json()).error.code]).toEqual([401, 'key_revoked'])
    }
    expect(await depth(gateway)).toBe(0)
    await eventually(() => isIdle(gateway))
    expect(generations(gateway.mock)).toHaveLength(2)
    const counted = 'headgate_requests_total{client="leaver",route="/v1/responses",outcome="key_revoked"}'
    expect(await gateway.metric(counted)).toBe(3)
  })

  it.each(['/v1/responses', '/v1/files'])(
    'is told so while its body is still on its way to %s, whoever waits for the rest',
    async path => {
      const gateway = await gatewayForTest(options)
      const client = await RawClient.open(gateway.port)
      onTestFinished(() => client.close())
      const type = path === '/v1/files' ? 'multipart/form-data; boundary=x' : 'application/json'
      const head = `POST ${path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${gateway.key('leaver')}`
      client.send(`${head}\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n{`)
      const buffered = () => gateway.metric('headgate_buffered_bytes')
      const waits = path === '/v1/files' ? gateway.slotsInUse : buffered
      await eventually(async () => (await waits()) > 0)
      await gateway.reload(withoutLeaver)
      const { status, json } = await client.whole()
      expect([status, json?.error.code]).toEqual([401, 'key_revoked'])
      await eventually(async () => (await buffered()) === 0 && (await isIdle(gateway)))
    },
  )

  it('says nothing about the account it ran on', async () => {
    const gateway = await gatewayForTest(options)
    const stream = await openStream(gateway, 'leaver')
    await gateway.reload(withoutLeaver)
    await stream.text()
    expect(await gateway.metric('headgate_account_error_rate{pool="default",account="a1"}')).toBe(0)
  })

  it('leaves other clients alone, and a client that keeps its key', async () => {
    const gateway = await gatewayForTest(options)
    const leaver = await openStream(gateway, 'leaver')
    const stayer = await openStream(gateway, 'stayer')
    onTestFinished(() => stayer.body!.cancel())
    await gateway.reload({
      ...options,
      clients: [{ name: 'renamed', tenant: 'stayer', keys: [gateway.key('stayer')], concurrency: 5 }],
    })
    expect(await leaver.text()).toContain('key_revoked')
    await eventually(() => running(gateway.mock) === 1)
    expect((await gateway.fetch('/v1/models', { client: 'stayer' })).status).toBe(200)
  })

  it('that now belongs to another tenant is no longer the key it ran with', async () => {
    const gateway = await gatewayForTest(options)
    const stream = await openStream(gateway, 'leaver')
    const clients = [{ name: 'stayer' }, { name: 'heir', keys: [gateway.key('leaver')] }]
    await gateway.reload({ ...options, clients })
    expect(await stream.text()).toContain('key_revoked')
  })
})
