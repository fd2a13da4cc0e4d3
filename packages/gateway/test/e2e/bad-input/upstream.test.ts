/** What upstreams answer that they should not, byte for byte, and what clients get for it. */
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  gatewayForTest,
  startGateway,
  type TestGateway,
  type TestGatewayOptions,
} from '../../fixtures/gateway.ts'
import { readBody } from '../../fixtures/read-stream.ts'
import { selfSigned } from '../../fixtures/self-signed.ts'
import { RawUpstream } from '../../sockets/raw-upstream.ts'
import { type UpstreamRow, upstreamRows } from './upstream-rows.ts'
import { completed, created, delta, jsonType, reply, response, stream } from './upstream-wire.ts'

const adminToken = 'admin-token-of-the-upstream-suite'

const over = (baseUrl: string, total = '30s'): TestGatewayOptions => ({
  accounts: [{ id: 'raw', config: { baseUrl, apiKey: 'sk-upstream-raw-0123456789' } }],
  limits: { idleTimeout: '200ms', headersTimeout: '200ms', total },
  adminToken,
})

let upstream: RawUpstream
let gateway: TestGateway
/** Bounds a whole generation before its upstream’s silence would: for what is never silent. */
let impatient: TestGateway

const reset = (): Promise<Response> =>
  fetch(`${gateway.url}/admin/api/accounts/raw/reset`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}` },
  })

let asked = 0

/** Each asks for another model, or all of them together would be an outage of one. */
const ask = (wire: UpstreamRow['wire'], whom = gateway): Promise<Response> => {
  const model = `gpt-${++asked}`
  return wire === 'chat'
    ? whom.fetch('/v1/chat/completions', {
        json: { model, messages: [{ role: 'user', content: 'x' }], stream: true },
      })
    : whom.fetch('/v1/responses', { json: { model, input: 'x', stream: wire === 'stream' } })
}

beforeAll(async () => {
  upstream = await RawUpstream.open()
  gateway = await startGateway(over(upstream.url))
  impatient = await startGateway(over(upstream.url, '1s'))
})
afterAll(async () => {
  await gateway.close()
  await impatient.close()
  await upstream.close()
})
// What was learned of the account is not the next row's affair.
afterEach(async () => void (await (await reset()).text()))

describe('a bad answer of an upstream', () => {
  it.each(upstreamRows)('$answer ($wire): $status $code', async row => {
    upstream.script = row
    const before = upstream.requests
    const answer = await ask(row.wire, row.code === 'deadline_exceeded' ? impatient : gateway)
    const { text, end, events } = await readBody(answer)

    expect(answer.status, text.slice(0, 600)).toBe(row.status)
    expect(end).toBe('clean')
    expect(upstream.requests - before).toBe(1)
    expect(text + JSON.stringify([...answer.headers])).not.toMatch(/sk-upstream|169\.254|canary/)
    for (const [name, value] of row.headers ?? []) {
      if (value === null) expect(answer.headers.get(name)).toBeNull()
      else expect(answer.headers.get(name)).toMatch(value)
    }
    if (row.body !== undefined) expect(text).toBe(row.body)
    else expect(text).not.toContain('steal()')
    if (row.code === undefined) return
    const last = row.status === 200 ? JSON.parse(events.at(-1)!.data) : JSON.parse(text)
    const error = last.error ?? last
    expect(error.code, text).toBe(row.code)
    for (const words of row.told ?? []) expect(error.message).toContain(words)
    expect(text).not.toMatch(/response\.completed|\[DONE\]/)
  })

  it('that goes on after its end is whole, and its connection is never used again', async () => {
    upstream.script = {
      says: [...reply(200, response(), jsonType), ...reply(200, response({ id: 'resp_smuggled' }), jsonType)],
    }
    const before = upstream.connections
    for (let count = 0; count < 3; count++) expect(await (await ask('json')).text()).toBe(response())
    expect(upstream.connections - before).toBeGreaterThanOrEqual(2)
  })

  it.each(['json', 'stream'] as const)(
    'that claims the id of another account’s response gets none of its conversation (%s)',
    async wire => {
      const liar = await RawUpstream.open()
      onTestFinished(() => liar.close())
      const own = await gatewayForTest({
        accounts: [
          { id: 'liar', config: { baseUrl: liar.url, enabled: false } },
          { id: 'honest', config: { baseUrl: upstream.url } },
        ],
      })
      const says = wire === 'stream' ? stream(created, delta, completed) : reply(200, response(), jsonType)
      upstream.script = { says }
      liar.script = { says }
      const create = async (fields: object = {}): Promise<Response> =>
        await own.fetch('/v1/responses', {
          json: { model: 'gpt-5.1', input: 'x', stream: wire === 'stream', ...fields },
        })
      expect(await (await create()).text()).toContain('"resp_raw"')
      const both = (...enabled: boolean[]) =>
        own.reload({
          accounts: [
            { id: 'liar', config: { baseUrl: liar.url, enabled: enabled[0]! } },
            { id: 'honest', config: { baseUrl: upstream.url, enabled: enabled[1]! } },
          ],
        })
      await both(true, false)
      const claimed = await create()
      const { error } = (await claimed.json()) as { error: { code: string; message: string } }
      expect([claimed.status, error.code]).toEqual([502, 'upstream_bad_response'])
      expect(error.message).toContain('stored elsewhere')
      await both(true, true)
      const before = liar.requests
      expect((await create({ previous_response_id: 'resp_raw' })).status).toBe(200)
      expect(liar.requests).toBe(before)
    },
  )

  it.each([-5, 1e300, '7', null])('that claims %j tokens is charged to nobody', async claimed => {
    upstream.script = {
      says: reply(200, response({ usage: { input_tokens: claimed, output_tokens: claimed } }), jsonType),
    }
    const tokens = (): Promise<number> => gateway.metric('headgate_tokens_total{account="raw",kind="input"}')
    const before = await tokens()
    expect((await ask('json')).status).toBe(200)
    expect(await tokens()).toBe(before)
  })

  it('that is encrypted under a certificate nobody vouches for is told as that, without its words', async () => {
    const { cert, key } = selfSigned()
    const hostile = await RawUpstream.open(createTlsServer({ cert, key }))
    onTestFinished(() => hostile.close())
    const own = await gatewayForTest(over(hostile.url.replace('http:', 'https:')))
    const answer = await own.fetch('/v1/responses', { json: { model: 'gpt-5.1', input: 'x' } })
    const text = await answer.text()
    expect([answer.status, JSON.parse(text).error.code]).toEqual([502, 'upstream_tls'])
    expect(text).not.toMatch(/self.?signed|127\.0\.0\.1/i)
    expect(hostile.requests).toBe(0)
  })

  it('leaves nothing behind: no slot, no waiter, no byte, and a good one is served', async () => {
    upstream.script = { says: reply(200, response(), jsonType) }
    expect(await (await ask('json')).text()).toBe(response())
    expect(await gateway.slotsInUse()).toBe(0)
    expect(await gateway.metric('headgate_buffered_bytes')).toBe(0)
    expect(await gateway.metric('headgate_queue_depth{pool="default"}')).toBe(0)
  })
})
