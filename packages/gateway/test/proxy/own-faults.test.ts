import { describe, expect, it } from 'vitest'
import type { AttemptRecord } from '../../src/proxy/request-record.ts'
import { bytesOf, type FakeClient, type FakeUpstream } from './fake-sides.ts'
import { calm, createWorld, responseEvents } from './world.ts'

const ask = { model: 'gpt', input: 'hi' }
const streamed = { ...ask, stream: true }
const { created, item, delta, completed } = responseEvents('resp_1')
const json = [['content-type', 'application/json']] as const

/** Throws at the first word of its answer. */
function stumble(client: FakeClient): void {
  const begin = client.begin.bind(client)
  client.begin = () => {
    client.begin = begin
    throw new Error('a mistake')
  }
}

describe('a fault of the gateway’s own', () => {
  it('is told to the log when the store of bindings fails, once', async () => {
    for (const failing of [
      () => {
        throw new Error('disk full')
      },
      () => Promise.reject(new Error('disk full')),
    ]) {
      const world = createWorld()
      world.scheduler.bind = failing
      const client = await world.post(ask)
      world.upstream.last.json(200, { id: 'resp_1' })
      await client.done
      expect([client.status, client.error.code]).toEqual([503, 'state_unavailable'])
      expect(world.failures).toMatchObject([{ message: 'disk full' }])
      expect(world.scheduler.leases).toMatchObject([{ settled: 0, disposed: 1 }])
    }
  })

  it('is told to the log when a stream has begun already', async () => {
    const world = createWorld()
    world.scheduler.bind = () => Promise.reject(new Error('disk full'))
    const client = await world.post({ ...streamed, background: true })
    world.upstream.last.stream(created)
    await client.done
    expect(client.text).toContain('state_unavailable')
    expect(world.failures).toMatchObject([{ message: 'disk full' }])
  })

  it('is not taken for the last account’s error', async () => {
    const world = createWorld()
    const client = await world.post(ask)
    world.scheduler.acquire = () => Promise.reject(new TypeError('a mistake'))
    world.upstream.last.json(500, { error: {} })
    await client.done
    expect([client.status, client.error.code]).toEqual([500, 'internal_error'])
    expect(world.failures).toMatchObject([{ message: 'a mistake' }])
  })

  it('in a timer ends that request, and nothing else', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(created)
    stumble(client)
    world.clock.advance(10_000)
    await client.done
    expect(world.failures).toMatchObject([{ message: 'a mistake' }])
    expect(world.scheduler.leases).toMatchObject([{ settled: 0, disposed: 1 }])
  })

  it.each([true, false])(
    'behind a binding ends that request, and nothing else (stream: %s)',
    async stream => {
      const world = createWorld()
      const bound = Promise.withResolvers<void>()
      world.scheduler.bind = () => bound.promise
      const client = await world.post({ ...ask, stream })
      if (stream) world.upstream.last.stream(created, delta)
      else world.upstream.last.json(200, { id: 'resp_1' })
      stumble(client)
      bound.resolve()
      await client.done
      expect(world.failures).toMatchObject([{ message: 'a mistake' }])
      expect(world.scheduler.balanced).toBe(true)
    },
  )

  it('in a listener of attempts costs no request', async () => {
    const world = createWorld({
      onAttempt: () => {
        throw new Error('a mistake')
      },
    })
    const client = await world.post(ask)
    world.upstream.last.json(200, { id: 'resp_1' })
    await client.done
    expect(client.status).toBe(200)
    expect(world.failures).toMatchObject([{ message: 'a mistake' }])
  })
})

describe('memory that is used up', () => {
  const body = bytesOf(JSON.stringify(ask)).length

  it('by an answer without its id at the head is the gateway’s own affair', async () => {
    const world = createWorld({ limits: { bufferedBytes: 2 * (body + 20) } })
    const client = await world.post(ask)
    world.upstream.last.head(200, json).data(`{"object":"response","text":"${'x'.repeat(50)}`)
    await client.done
    expect([client.status, client.error.code]).toEqual([503, 'gateway_overloaded'])
    expect(client.header('retry-after')).toBe('1')
    expect(world.scheduler.leases).toMatchObject([{ settled: 0, disposed: 1 }])
    expect(world.upstream.exchanges).toHaveLength(1)
  })

  it('by a stream held back has it let go', async () => {
    const bytes = bytesOf(JSON.stringify(streamed)).length
    const world = createWorld({ limits: { bufferedBytes: 2 * (bytes + created.length + 20) } })
    const client = await world.post(streamed)
    world.upstream.last.stream(created)
    expect(client.begun).toBe(false)
    world.upstream.last.data(created)
    expect(client.text).toBe(created + created)
    // All of it has been given back: another one is admitted.
    const next = await world.post(streamed)
    expect(world.upstream.exchanges).toHaveLength(2)
    for (const one of world.upstream.exchanges) {
      if (one.state === 'running' && one !== world.upstream.exchanges[0]) one.stream()
      one.data(delta + completed).end()
    }
    await Promise.all([client.done, next.done])
    expect([client.ending, next.status]).toEqual(['ended', 200])
  })
})

describe('an exchange', () => {
  it('keeps the scheduler it began with, from before its body is read to its end', async () => {
    let running = 0
    const exchanges = { begin: () => void running++, end: () => void running-- }
    const world = createWorld({ pool: { exchanges } })
    const client = await world.post(streamed)
    world.upstream.last.stream(created, delta)
    await calm()
    expect(running).toBe(1)
    world.upstream.last.data(completed).end()
    await client.done
    const refused = await world.post({})
    await refused.done
    expect([refused.status, running]).toEqual([400, 0])
  })

  it('tells of each attempt before anything is sent', async () => {
    const told: [AttemptRecord, number][] = []
    const world = createWorld({
      onAttempt: attempt => told.push([attempt, world.upstream.exchanges.length]),
    })
    world.upstream.answer = exchange => exchange.json(500, { error: {} })
    await (await world.post(ask)).done
    expect(told.map(([{ account }, sent]) => [account, sent])).toEqual([
      ['a', 0],
      ['b', 1],
    ])
    expect(world.records[0]!.attempts).toEqual(told.map(([attempt]) => attempt))
  })
})

describe('an exchange of the gateway’s own', () => {
  it('ends after five seconds, and when it cannot be sent', async () => {
    const world = createWorld()
    const silent = await world.call('GET', '/v1/models')
    expect(world.upstream.exchanges).toHaveLength(2)
    world.clock.advance(5000)
    await silent.done
    expect(silent.status).toBe(200)
    expect(world.upstream.exchanges.map(({ state }) => state)).toEqual(['aborted', 'aborted'])
    const broken = createWorld()
    broken.upstream.send = () => {
      throw new Error('no such header')
    }
    const client = await broken.call('GET', '/v1/models')
    await client.done
    expect(client.status).toBe(200)
    expect(broken.clock.pending).toBe(0)
  })
})

describe('an answer nobody hears of', () => {
  const deletions = (upstream: FakeUpstream): string[] =>
    upstream.exchanges
      .filter(({ request }) => request.method === 'DELETE')
      .map(({ account, request }) => `${account} ${request.path}`)
  const orphaned = (world: ReturnType<typeof createWorld>): boolean[] =>
    world.records[0]!.attempts.map(attempt => attempt.orphaned)
  const gone = ['a /responses/resp_1']

  it.each([
    ['a stream', true],
    ['a JSON answer', false],
  ])('because the client left before %s began is deleted and counted', async (_name, stream) => {
    const world = createWorld()
    const client = await world.post({ ...ask, stream })
    if (stream) world.upstream.last.stream(created)
    else world.upstream.last.head(200, json).data('{"id":"resp_1","output":')
    client.leave()
    await client.done
    expect(deletions(world.upstream)).toEqual(gone)
    expect(orphaned(world)).toEqual([true])
  })

  it.each([true, false])(
    'because it could not be bound is deleted and counted (stream: %s)',
    async stream => {
      const world = createWorld()
      world.scheduler.bind = () => Promise.reject(new Error('disk full'))
      const client = await world.post({ ...ask, stream })
      if (stream) world.upstream.last.stream(created, delta)
      else world.upstream.last.json(200, { object: 'response', id: 'resp_1' })
      await client.done
      expect(deletions(world.upstream)).toEqual(gone)
      expect(orphaned(world)).toEqual([true])
    },
  )

  it('is counted when it may exist and nobody knows its id', async () => {
    const world = createWorld()
    const client = await world.post(ask)
    world.upstream.last.fault({ kind: 'closed', detail: '' }, { requestSent: true })
    await calm()
    world.upstream.last.fault({ kind: 'connect', detail: '' }, { requestSent: false })
    await client.done
    expect(orphaned(world)).toEqual([true, false])
    expect(deletions(world.upstream)).toEqual([])
  })

  it('is none where nothing is stored, nothing was accepted, or the client has heard of it', async () => {
    const unstored = createWorld()
    const one = await unstored.post({ ...streamed, store: false })
    unstored.upstream.last.stream(created)
    one.leave()
    const refused = createWorld({ accounts: [{ id: 'a' }] })
    const two = await refused.post(ask)
    refused.upstream.last.json(500, { error: {} })
    const heard = createWorld()
    const three = await heard.post(streamed)
    heard.upstream.last.stream(created, delta)
    three.leave()
    await Promise.all([one.done, two.done, three.done])
    for (const world of [unstored, refused, heard]) {
      expect(orphaned(world)).toEqual([false])
      expect(deletions(world.upstream)).toEqual([])
    }
  })
})

describe('an event whose data is no JSON', () => {
  const bad = 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"x\n\n'
  const stream = bytesOf(created + item + delta + bad + delta + completed)

  it('ends the stream with one error in its place, wherever the bytes are cut', async () => {
    for (let at = 0; at <= stream.length; at++) {
      const world = createWorld({ accounts: [{ id: 'a' }] })
      const client = await world.post(streamed)
      world.upstream.last.stream()
      world.upstream.last.data(stream.subarray(0, at))
      world.upstream.last.data(stream.subarray(at))
      await client.done
      const shown = client.text
      expect(shown.startsWith(`${created}${item}${delta}event: error\n`)).toBe(true)
      expect(shown.slice((created + item + delta).length)).toMatch(/^event: error\ndata: .*\n\n$/)
      expect(shown).toContain('upstream_bad_event')
      expect(world.scheduler.leases).toMatchObject([{ outcome: 'server_error', settled: 1 }])
      expect(world.upstream.exchanges[0]!.state).toBe('aborted')
    }
  })

  it('before the model began is an account that fails: another one answers', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(created, bad)
    await calm()
    const second = world.upstream.exchanges.find(({ account }) => account === 'b')!
    second.stream(created, delta, completed).end()
    await client.done
    expect(client.text).toBe(created + delta + completed)
    expect(world.scheduler.leases.map(({ outcome }) => outcome)).toEqual(['server_error', 'ok'])
  })

  it('behind the end of a stream is not shown, and the end is one', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(created, delta, completed + bad)
    await client.done
    expect([client.text, client.ending]).toEqual([created + delta + completed, 'ended'])
    expect(world.scheduler.leases).toMatchObject([{ outcome: 'ok' }])
  })
})
