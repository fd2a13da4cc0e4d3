import { describe, expect, it } from 'vitest'
import { bytesOf, type FakeExchange } from './fake-sides.ts'
import { calm, chatEvents, createWorld, responseEvents } from './world.ts'

const streamed = { model: 'gpt', input: 'hi', stream: true }
const overloaded = { code: 'server_is_overloaded', message: 'm' }
const { created, delta, completed } = responseEvents('resp_1')
const { role, text, done } = chatEvents()

/** Both wires: what opens a stream without committing it, what commits it, what ends it. */
const wires = {
  responses: {
    path: '/v1/responses',
    opening: created,
    output: delta,
    ending: completed,
    failure: responseEvents('resp_1').failed('server_is_overloaded'),
    json: { id: 'resp_1', output: [{ text: 'é' }], usage: { input_tokens: 1, output_tokens: 2 } },
  },
  chat: {
    path: '/v1/chat/completions',
    opening: role,
    output: text,
    ending: done,
    failure: `data: ${JSON.stringify({ error: overloaded })}\n\n`,
    json: { id: 'c', choices: [{ message: { content: 'é' } }], usage: null },
  },
}

const creations = (exchanges: readonly FakeExchange[]) =>
  exchanges.filter(({ request }) => request.method === 'POST')

describe.each(Object.entries(wires))('before its commit point a %s stream', (_, wire) => {
  const { path, opening, output, ending, failure } = wire
  const whole = opening + output + ending

  /** What happens to the first account's answer; the second one's is whole. */
  it.each<[string, (exchange: FakeExchange, advance: (ms: number) => void) => void]>([
    ['that tells a failure inside 200', exchange => exchange.stream(opening, failure)],
    ['that tells a failure as its first event', exchange => exchange.stream(failure)],
    ['that ends without an event', exchange => exchange.stream().end()],
    ['that ends after its opening', exchange => exchange.stream(opening).end()],
    ['that brings comments only', exchange => exchange.stream(': a\n\n', ': b\n\n').end()],
    ['that has no output in time', (exchange, advance) => advance(exchange.stream(opening) && 500)],
    ['that has no head in time', (_, advance) => advance(500)],
    ['that falls silent', exchange => exchange.stream(opening).fault({ kind: 'idle_timeout' })],
  ])('%s is another account’s to answer, and nothing of it is shown', async (_, happens) => {
    const world = createWorld({ pool: { firstTokenTimeoutMs: 500 } })
    const client = await world.post(streamed, { path })
    happens(world.upstream.last, ms => world.clock.advance(ms))
    await calm()
    expect(client.begun).toBe(false)
    expect(world.upstream.last.account).toBe('b')
    world.upstream.last.stream(whole).end()
    await client.done
    expect([client.text, client.ending]).toEqual([whole, 'ended'])
    expect(world.scheduler.leases[0]!.outcome).not.toBe('ok')
    expect(world.scheduler.balanced).toBe(true)
  })
})

describe.each(Object.entries(wires))('a %s answer in JSON', (_, { path, json }) => {
  it('that is cut at any byte is whole from elsewhere, or an error', async () => {
    const bytes = bytesOf(JSON.stringify(json))
    for (let at = 0; at < bytes.length; at++) {
      for (const breakOff of [
        (exchange: FakeExchange) => exchange.fault({ kind: 'closed', detail: '' }),
        (exchange: FakeExchange) => exchange.end(),
      ]) {
        const world = createWorld()
        const client = await world.post({ ...streamed, stream: false }, { path })
        world.upstream.last.head(200, [['content-type', 'application/json']]).data(bytes.subarray(0, at))
        breakOff(world.upstream.last)
        await calm()
        expect(client.begun).toBe(false)
        const [, second] = creations(world.upstream.exchanges)
        second!.json(200, json)
        await client.done
        expect(JSON.parse(client.text)).toEqual(json)
        expect(world.scheduler.balanced).toBe(true)
      }
    }
  })

  it('that is cut after it began to flow has its connection cut, at any byte', async () => {
    const bytes = bytesOf(JSON.stringify(json))
    for (let at = 20; at < bytes.length; at++) {
      const world = createWorld({ limits: { jsonBufferBytes: 15 } })
      const client = await world.post({ ...streamed, stream: false }, { path })
      world.upstream.last.head(200, [['content-type', 'application/json']]).data(bytes.subarray(0, at))
      await calm()
      expect(client.begun).toBe(true)
      world.upstream.last.fault({ kind: 'closed', detail: '' })
      await client.done
      expect(client.ending).toBe('destroyed')
      expect(creations(world.upstream.exchanges)).toHaveLength(1)
    }
  })
})

describe('the deadline of a whole generation', () => {
  const pool = { totalTimeoutMs: 60_000 }

  it('ends a stream that sends comments for ever, with one error event and no word about the account', async () => {
    const world = createWorld({ pool })
    const client = await world.post(streamed)
    world.upstream.last.stream(created, delta)
    for (let ms = 0; ms < 60_000; ms += 1000) {
      expect(client.ending).toBe('open')
      world.upstream.last.data(': still there\n\n')
      world.clock.advance(1000)
    }
    await client.done
    expect(client.text.match(/event: error/g)).toHaveLength(1)
    expect(client.text).toContain('deadline_exceeded')
    expect([client.ending, world.upstream.last.state]).toEqual(['ended', 'aborted'])
    expect(world.scheduler.leases[0]!.outcome).toBe('client_abort')
    expect(world.records[0]).toMatchObject({ status: 200, errorCode: 'deadline_exceeded' })
    expect(world.clock.pending).toBe(0)
  })

  it('is an answer of its own before anything was said, wherever the request stands', async () => {
    const account = { id: 'a', concurrency: 1 }
    const world = createWorld({ accounts: [account], pool })
    const first = await world.post(streamed)
    const second = await world.post(streamed)
    expect(world.scheduler.waiting).toBe(1)
    world.clock.advance(60_000)
    await Promise.all([first.done, second.done])
    for (const client of [first, second]) {
      expect([client.status, client.error.code, client.header('x-should-retry')]).toEqual([
        504,
        'deadline_exceeded',
        'false',
      ])
    }
    expect([world.scheduler.waiting, world.scheduler.balanced]).toEqual([0, true])
  })

  it('cuts a JSON answer that comes in drops', async () => {
    const world = createWorld({ pool, limits: { jsonBufferBytes: 15 } })
    const client = await world.post({ ...streamed, stream: false })
    world.upstream.last.head(200, [['content-type', 'application/json']]).data('{"id":"resp_1","output":[')
    await calm()
    for (let ms = 0; ms < 60_000; ms += 1000) {
      world.upstream.last.data(' ')
      world.clock.advance(1000)
    }
    await client.done
    expect([client.begun, client.ending]).toEqual([true, 'destroyed'])
  })

  it('ends both attempts of a hedged stream', async () => {
    const world = createWorld({ pool: { ...pool, hedge: { afterMs: 1000, budget: 0.1 } } })
    const client = await world.post(streamed)
    world.clock.advance(1000)
    await calm()
    world.clock.advance(59_000)
    await client.done
    expect([client.status, client.error.code]).toEqual([504, 'deadline_exceeded'])
    expect(world.upstream.exchanges.map(({ state }) => state)).toEqual(['aborted', 'aborted'])
    expect([world.records[0]!.hedge, world.scheduler.balanced, world.clock.pending]).toEqual([
      'failed',
      true,
      0,
    ])
  })

  it('is an hour unless the pool says otherwise', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(created, delta)
    world.clock.advance(3_599_999)
    expect(client.ending).toBe('open')
    world.clock.advance(1)
    await client.done
    expect(client.text).toContain('deadline_exceeded')
  })
})

describe('a stream that is silent after it began', () => {
  it('has a comment between its events every fifteen seconds, never inside one', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(created, delta, delta.slice(0, 30))
    world.clock.advance(15_000)
    expect(client.text).toBe(created + delta)
    world.clock.advance(30_000)
    expect(client.text).toBe(`${created}${delta}: keepalive\n\n: keepalive\n\n`)
    world.upstream.last.data(delta.slice(30) + completed).end()
    await client.done
    expect(client.text).toBe(`${created}${delta}: keepalive\n\n: keepalive\n\n${delta}${completed}`)
    expect(world.clock.pending).toBe(0)
  })

  it('has none before, while it speaks, or when they are off', async () => {
    const waiting = createWorld({ pool: { firstTokenTimeoutMs: 600_000 } })
    const silent = await waiting.post(streamed)
    waiting.upstream.last.stream(created)
    waiting.clock.advance(100_000)
    expect(silent.begun).toBe(false)
    const world = createWorld()
    const busy = await world.post(streamed)
    world.upstream.last.stream(created)
    for (let count = 0; count < 20; count++) {
      world.upstream.last.data(delta)
      world.clock.advance(10_000)
    }
    expect(busy.text).not.toContain('keepalive')
    const off = createWorld({ limits: { keepaliveMs: undefined } })
    const plain = await off.post(streamed)
    off.upstream.last.stream(created, delta)
    off.clock.advance(600_000)
    expect(plain.text).toBe(created + delta)
  })
})
