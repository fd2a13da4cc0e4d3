import type { RequestRecord } from '@headgate/mock-upstream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../../fixtures/gateway.ts'
import { RawClient } from '../../sockets/raw-client.ts'
import { ask, type Bytes, type Send } from './wire.ts'

/** One bad input and all that may come of it. */
export interface Row {
  /** What comes in, in words. */
  readonly input: string
  readonly send: Send
  /** The client closes its side after sending. */
  readonly fin?: true
  readonly status: number
  /** Absent where the input is served. */
  readonly code?: string | null
  readonly param?: string
  /** What the message has to name: the what, the where, the limit, the remedy. */
  readonly says?: readonly string[]
  /** Further header lines of the answer. */
  readonly headers?: readonly RegExp[]
  /** Whether the connection serves another request afterwards. Default: it lives. */
  readonly connection?: 'lives' | 'closes'
  /** What the upstream must have seen: exactly one request, so. Absent: it must have heard nothing. */
  readonly upstream?: Seen
  /** Why it is not refused here, or not as one would expect. */
  readonly because?: string
}

export interface Seen {
  /** The body, byte for byte. */
  readonly body: Bytes
  /** Matches no header of the request, name or value. */
  readonly without?: RegExp
}

/** The gateway of every family: two clients that share nothing, and limits that are quick to reach. */
export const world: TestGatewayOptions = {
  accounts: [
    { id: 'a1', config: { models: ['gpt-5.1', 'gpt-5.1-mini', 'gpt-4o'] } },
    { id: 'hidden', profile: { models: ['gpt-5.1-hidden'] }, config: { models: ['gpt-5.1-hidden'] } },
  ],
  clients: [{ name: 'team' }, { name: 'neighbour' }, { name: 'other', pool: 'other' }],
  pools: { default: { accounts: ['a1'] }, other: { accounts: ['hidden'] } },
  limits: { body: '2MiB', headerTimeout: '100ms', bodyIdle: '100ms' },
  mock: { captureBodies: true },
}

/** Runs a family of rows through real sockets, and at its end sees that nothing is left of them. */
export function badInput(
  family: string,
  rows: readonly Row[],
  more: (gateway: () => TestGateway) => void = () => {},
): void {
  describe(family, () => {
    let gateway: TestGateway
    beforeAll(async () => {
      gateway = await startGateway(world)
    })
    afterAll(() => gateway.close())

    it.each(rows)('$input: $status $code', async row => {
      const sent = await row.send(gateway)
      const before = gateway.mock.requests().length
      const client = await RawClient.open(gateway.port)
      client.send(sent)
      if (row.fin) client.socket.end()
      const answer = await client.whole()

      expect(answer.status, answer.text.slice(0, 600)).toBe(row.status)
      for (const field of row.headers ?? []) expect(answer.text).toMatch(field)
      expect(answer.text).not.toContain(gateway.key())
      expect(answer.text).not.toMatch(/sk-upstream|uncaught|node:internal|\.ts:\d/i)
      if (row.code !== undefined) checkError(row, answer.json, sent)
      if (row.says !== undefined)
        for (const words of row.says) expect(answer.json!.error.message).toContain(words)
      checkSeen(gateway.mock.requests().slice(before), row)
      expect(await connectionAfter(client, gateway)).toBe(row.connection ?? 'lives')
      client.close()
    })

    more(() => gateway)

    it('leaves nothing behind: no slot, no waiter, no byte, and everyone is served', async () => {
      for (const stream of [false, true]) {
        const answer = await gateway.fetch('/v1/responses', {
          json: { model: 'gpt-5.1', input: 'still here', stream },
        })
        expect(answer.status).toBe(200)
        expect(await answer.text()).toContain('"completed"')
      }
      expect(await gateway.slotsInUse()).toBe(0)
      expect(await gateway.metric('headgate_buffered_bytes')).toBe(0)
      for (const pool of ['default', 'other'])
        expect(await gateway.metric(`headgate_queue_depth{pool="${pool}"}`)).toBe(0)
      expect(gateway.mock.stats().total.concurrency.current).toBe(0)
    })
  })
}

function checkError(row: Row, answer: Awaited<ReturnType<RawClient['whole']>>['json'], sent: Bytes): void {
  const { error } = answer!
  expect(error).toMatchObject({ code: row.code, type: expect.any(String), message: expect.any(String) })
  expect(error).toHaveProperty('param', row.param ?? null)
  if (row.upstream !== undefined) return
  expect(Object.keys(answer!).sort()).toEqual(['error', 'request_id'])
  expect(error.message).toMatch(/\.$|The nearest names: .+$/)
  expect(echoes(error.message, sent)).toBe(false)
}

function checkSeen(requests: readonly RequestRecord[], row: Row): void {
  expect(requests).toHaveLength(row.upstream === undefined ? 0 : 1)
  if (row.upstream === undefined) return
  const [{ headers, body }] = requests as [RequestRecord]
  expect(body === null ? '' : Buffer.from(body).equals(Buffer.from(row.upstream.body as string))).toBe(true)
  if (row.upstream.without !== undefined)
    for (const field of Object.entries(headers)) expect(field.join(': ')).not.toMatch(row.upstream.without)
}

/** Asks for something harmless over the same connection. */
async function connectionAfter(client: RawClient, gateway: TestGateway): Promise<'lives' | 'closes'> {
  const { text } = await client.whole()
  client.send((await ask('GET /v1/models')(gateway)) as string)
  const after = await client.until(all => all.slice(text.length).includes('HTTP/1.1 200 OK'))
  return after.text.slice(text.length).includes('HTTP/1.1 200 OK') ? 'lives' : 'closes'
}

/** A value is repeated up to 100 characters; in one message the method stands before the path as it did in the input. */
const maxEcho = 100 + 'POST '.length

function echoes(text: string, input: Bytes): boolean {
  const sent = Buffer.from(input as string).toString('latin1')
  for (let start = 0; start + maxEcho < text.length; start++) {
    if (sent.includes(text.slice(start, start + maxEcho + 1))) return true
  }
  return false
}
