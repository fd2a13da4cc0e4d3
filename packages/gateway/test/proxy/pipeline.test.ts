import { SchedulerError } from '@headgate/scheduler'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/proxy/errors/errors.ts'
import { ownerKey } from '../../src/proxy/ownership/owner-key.ts'
import { bytesOf, FakeClient } from './fake-sides.ts'
import { calm, chatEvents, createWorld, keyB, responseEvents } from './world.ts'

const ask = { model: 'gpt', input: 'hi' }
const usage = { input_tokens: 3, output_tokens: 4, input_tokens_details: { cached_tokens: 1 } }

describe('a JSON answer', () => {
  it('reaches the client byte for byte, with its id bound before and its usage settled', async () => {
    const world = createWorld()
    const client = await world.post(ask)
    expect(world.upstream.last.request).toMatchObject({ method: 'POST', path: '/responses' })
    expect(world.upstream.last.body).toBe(JSON.stringify(ask))
    const body = `{ "id": "resp_1",\n "usage": ${JSON.stringify(usage)}, "output": "é" }`
    world.upstream.last.head(200, [['content-type', 'application/json']])
    world.upstream.last.data(body.slice(0, 10))
    expect(client.begun).toBe(false)
    world.upstream.last.data(body.slice(10)).end()
    await client.done
    expect(client.text).toBe(body)
    expect(client.status).toBe(200)
    expect(client.header('content-length')).toBe(String(bytesOf(body).length))
    expect(client.header('x-request-id')).toBe('req_1')
    expect(client.ending).toBe('ended')
    expect(world.scheduler.leases).toMatchObject([
      {
        outcome: 'ok',
        settled: 1,
        bound: [ownerKey('response', 'resp_1')],
        settlement: { usage: { inputTokens: 3, cachedTokens: 1, outputTokens: 4 } },
      },
    ])
    expect(world.scheduler.balanced).toBe(true)
  })

  it('has the model renamed for an account that calls it differently, and nothing else touched', async () => {
    const accounts = [{ id: 'a', models: { 'gpt*': 'my "dep"' } }]
    const world = createWorld({ accounts } as never)
    const sent = await world.post({ input: { model: 'gpt' }, model: 'gpt', x: 'é' })
    expect(world.upstream.last.body).toBe('{"input":{"model":"gpt"},"model":"my \\"dep\\"","x":"é"}')
    world.upstream.last.json(200, {})
    await sent.done
  })

  it('is kept back while its id is being bound, and refused when the store fails', async () => {
    const world = createWorld()
    let fail: (error: Error) => void = () => {}
    world.scheduler.bind = () => new Promise((_, reject) => (fail = reject))
    const client = await world.post(ask)
    world.upstream.last.json(200, { id: 'resp_1' })
    await calm()
    expect(client.begun).toBe(false)
    fail(new Error('no store'))
    await client.done
    expect(client.status).toBe(503)
    expect(client.error.code).toBe('state_unavailable')
    expect(world.scheduler.balanced).toBe(true)
    expect(world.scheduler.leases[0]!.outcome).toBeUndefined()
  })

  it('is not bound when it is not stored', async () => {
    const world = createWorld()
    const client = await world.post({ ...ask, store: false })
    world.upstream.last.json(200, { id: 'resp_1' })
    await client.done
    expect(world.scheduler.leases[0]!.bound).toEqual([])
  })

  it('beyond the buffer is let go once its id is bound, and cut off when it breaks', async () => {
    const world = createWorld({ limits: { jsonBufferBytes: 100 } })
    const client = await world.post(ask)
    world.upstream.last.head(200, [['content-type', 'application/json']])
    world.upstream.last.data(`{"id":"resp_1","output":"${'x'.repeat(200)}`)
    expect(world.scheduler.leases[0]!.bound).toEqual([ownerKey('response', 'resp_1')])
    expect(client.chunks).toHaveLength(1)
    expect(client.header('content-length')).toBeUndefined()
    world.upstream.last.data('y')
    world.upstream.last.fault({ kind: 'closed', detail: '' })
    await client.done
    expect(client.ending).toBe('destroyed')
    expect(world.upstream.exchanges).toHaveLength(1)
    expect(world.scheduler.leases).toMatchObject([{ outcome: 'transport_error', settled: 1 }])
  })

  it('beyond the buffer keeps its order while its id is being bound', async () => {
    const world = createWorld({ limits: { jsonBufferBytes: 50 } })
    const slow = Promise.withResolvers<void>()
    world.scheduler.bind = () => slow.promise
    const client = await world.post(ask)
    const parts = [`{"id":"resp_1","x":"${'x'.repeat(60)}`, 'y'.repeat(60), '"}']
    world.upstream.last.head(200, [['content-type', 'application/json']])
    for (const part of parts) world.upstream.last.data(part)
    world.upstream.last.end()
    await calm()
    expect(client.begun).toBe(false)
    slow.resolve()
    await client.done
    expect(client.text).toBe(parts.join(''))
    expect(client.ending).toBe('ended')
    expect(world.scheduler.leases).toMatchObject([
      { outcome: 'ok', settled: 1, bound: [ownerKey('response', 'resp_1')] },
    ])
  })

  it('gives its memory back', async () => {
    const world = createWorld({ limits: { bufferedBytes: 600 } })
    for (let i = 0; i < 5; i++) {
      const client = await world.post(ask)
      world.upstream.last.json(200, { id: 'resp_1', x: 'x'.repeat(100) })
      await client.done
      expect(client.header('content-length')).toBeDefined()
    }
  })

  it('beyond the buffer without an id at its head is refused: its bytes cannot be let go', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }], limits: { jsonBufferBytes: 100 } })
    const client = await world.post(ask)
    world.upstream.last
      .head(200, [['content-type', 'application/json']])
      .data(`{"output":"${'x'.repeat(200)}`)
    await client.done
    expect(client.error.code).toBe('upstream_bad_response')
    expect(world.upstream.last.state).toBe('aborted')
  })

  it('that is a failed response moves to another account', async () => {
    const world = createWorld()
    const client = await world.post(ask)
    world.upstream.last.json(200, { id: 'resp_1', status: 'failed', error: { code: 'server_error' } })
    await calm()
    expect(world.upstream.exchanges.map(({ request }) => request.method)).toEqual(['POST', 'DELETE', 'POST'])
    expect(world.upstream.exchanges[1]!.request.path).toBe('/responses/resp_1')
    world.upstream.last.json(200, { id: 'resp_2' })
    await client.done
    expect(JSON.parse(client.text)).toEqual({ id: 'resp_2' })
    expect(world.scheduler.owners.has(`team-a/${ownerKey('response', 'resp_1')}`)).toBe(false)
  })
})

describe('a stream', () => {
  const { created, inProgress, item, delta, completed } = responseEvents('resp_1')
  const whole = created + inProgress + item + delta + completed

  it('is held until the model has begun, then flows event by event', async () => {
    const world = createWorld()
    const client = await world.post({ ...ask, stream: true })
    world.upstream.last.stream(created, inProgress)
    expect(client.begun).toBe(false)
    expect(world.scheduler.leases[0]!.bound).toEqual([])
    world.clock.advance(50)
    world.upstream.last.data(item)
    expect(client.text).toBe(created + inProgress + item)
    expect(world.scheduler.leases[0]).toMatchObject({
      bound: [ownerKey('response', 'resp_1')],
      firstTokens: 0,
    })
    world.upstream.last.data(delta.slice(0, 20))
    expect(client.text).toBe(created + inProgress + item)
    world.upstream.last.data(delta.slice(20))
    expect(world.scheduler.leases[0]!.firstTokens).toBe(1)
    expect(world.scheduler.leases[0]!.settled).toBe(0)
    world.upstream.last.data(completed).end()
    await client.done
    expect(client.text).toBe(whole)
    expect(client.ending).toBe('ended')
    expect(client.header('cache-control')).toContain('no-cache')
    expect(world.scheduler.leases).toMatchObject([
      { outcome: 'ok', settled: 1, settlement: { usage: { inputTokens: 7, outputTokens: 2 } } },
    ])
    expect(world.records).toMatchObject([
      { ttftMs: 50, status: 200, stream: true, bytesOut: bytesOf(whole).length },
    ])
  })

  it('reaches the client whole wherever its bytes were cut', async () => {
    const bytes = bytesOf(whole)
    for (let at = 0; at <= bytes.length; at += 7) {
      const world = createWorld()
      const client = await world.post({ ...ask, stream: true })
      world.upstream.last.stream()
      world.upstream.last.data(bytes.subarray(0, at)).data(bytes.subarray(at)).end()
      await client.done
      expect(client.text).toBe(whole)
      expect(world.scheduler.balanced).toBe(true)
    }
  })

  it('gives its last event the blank line its upstream forgot', async () => {
    const world = createWorld()
    const client = await world.post({ model: 'gpt', stream: true }, { path: '/v1/chat/completions' })
    const { role, text } = chatEvents()
    world.upstream.last.stream(role, text, 'data: [DONE]').end()
    await client.done
    expect(client.text).toBe(`${role}${text}data: [DONE]\n\n`)
    expect(world.scheduler.leases[0]!.outcome).toBe('ok')
  })

  it('tells no byte of an id before the id is bound, and pauses its upstream meanwhile', async () => {
    const world = createWorld()
    let bound: () => void = () => {}
    world.scheduler.bind = () => new Promise(resolve => (bound = resolve))
    const client = await world.post({ ...ask, stream: true })
    world.upstream.last.stream(created, delta)
    expect(client.begun).toBe(false)
    expect(world.upstream.last.paused).toBe(true)
    world.upstream.last.data(completed).end()
    await calm()
    expect(client.begun).toBe(false)
    bound()
    await client.done
    expect(client.text).toBe(created + delta + completed)
    expect(world.scheduler.leases).toMatchObject([{ outcome: 'ok', settled: 1 }])
  })

  it('goes on after a slow binding', async () => {
    const world = createWorld()
    let bound: () => void = () => {}
    world.scheduler.bind = () => new Promise(resolve => (bound = resolve))
    const client = await world.post({ ...ask, stream: true })
    world.upstream.last.stream(created, item)
    bound()
    await calm()
    expect(client.text).toBe(created + item)
    expect(world.upstream.last.paused).toBe(false)
    world.upstream.last.data(delta + completed).end()
    await client.done
    expect(client.text).toBe(created + item + delta + completed)
  })

  it('opens after ten seconds of thinking, with its id bound', async () => {
    const world = createWorld()
    const client = await world.post({ ...ask, stream: true })
    world.upstream.last.stream(created, inProgress)
    world.clock.advance(9_999)
    expect(client.begun).toBe(false)
    world.clock.advance(1)
    expect(client.text).toBe(created + inProgress)
    world.upstream.last.data(delta + completed).end()
    await client.done
    expect(world.clock.pending).toBe(0)
  })

  it('opens with its first event when the pool commits early', async () => {
    const world = createWorld({ pool: { commit: 'early' } })
    const client = await world.post({ ...ask, stream: true })
    world.upstream.last.stream()
    expect(client.begun).toBe(false)
    world.upstream.last.data(created)
    expect(client.text).toBe(created)
    world.upstream.last.data(responseEvents('resp_1').failed('server_error')).end()
    await client.done
    expect(world.upstream.exchanges).toHaveLength(1)
    expect(world.scheduler.leases[0]!.outcome).toBe('server_error')
  })

  it('opens with its head when it is background work, which is never sent twice', async () => {
    const world = createWorld()
    const client = await world.post({ ...ask, stream: true, background: true })
    world.upstream.last.stream()
    expect(client.status).toBe(200)
    world.upstream.last.fault({ kind: 'closed', detail: '' })
    await client.done
    expect(client.text).toContain('event: error')
    expect(world.upstream.exchanges).toHaveLength(1)
  })

  it('passes the client’s own mistakes on as they are, without another try', async () => {
    const world = createWorld()
    const { failed } = responseEvents('resp_1')
    const client = await world.post({ ...ask, stream: true })
    world.upstream.last.stream(created, failed('invalid_prompt')).end()
    await client.done
    expect(client.text).toBe(created + failed('invalid_prompt'))
    expect(world.upstream.exchanges).toHaveLength(1)
    expect(world.scheduler.leases[0]!.outcome).toBe('client_error')
  })

  it('pauses its upstream while the client is behind, and only then', async () => {
    const world = createWorld()
    const client = await world.post({ ...ask, stream: true })
    client.keepsUp = false
    world.upstream.last.stream(created, delta)
    expect(world.upstream.last.paused).toBe(true)
    world.upstream.last.data(delta)
    client.drain()
    expect(world.upstream.last.paused).toBe(false)
    world.upstream.last.data(completed).end()
    await client.done
    expect(client.text).toBe(created + delta + delta + completed)
  })

  it('with an event beyond the limit is refused before the commit point and ended with an error after it', async () => {
    const long = `data: ${'x'.repeat(300)}`
    const early = createWorld({ accounts: [{ id: 'a' }], limits: { eventBytes: 200 } })
    const refused = await early.post({ ...ask, stream: true })
    early.upstream.last.stream(long)
    await refused.done
    expect(refused.status).toBe(502)
    expect(refused.error.code).toBe('upstream_event_too_long')

    const late = createWorld({ limits: { eventBytes: 200 } })
    const cut = await late.post({ ...ask, stream: true })
    late.upstream.last.stream(created, delta, long)
    await cut.done
    expect(cut.text.startsWith(`${created}${delta}event: error\n`)).toBe(true)
    expect(cut.ending).toBe('ended')
    expect(late.upstream.last.state).toBe('aborted')
  })
})

describe('what comes back that is no answer', () => {
  it.each([
    ['a page', 200, 'text/html', undefined, 'upstream_bad_content_type'],
    ['compressed bytes', 200, 'application/json', 'gzip', 'upstream_bad_content_type'],
    ['a redirect', 302, 'text/html', undefined, 'upstream_redirect'],
    ['half a JSON object', 200, 'application/json', undefined, 'upstream_bad_response'],
  ])('%s is refused with 502 and counts against the account', async (_name, status, type, encoding, code) => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    const client = await world.post(ask)
    const headers: [string, string][] = [
      ['content-type', type],
      ['location', 'http://169.254.169.254/'],
    ]
    if (encoding !== undefined) headers.push(['content-encoding', encoding])
    world.upstream.last.head(status, headers).data('{"id":').end()
    await client.done
    expect(client.status).toBe(502)
    expect(client.error.code).toBe(code)
    expect(world.scheduler.leases).toMatchObject([{ outcome: 'server_error', settled: 1 }])
  })

  it('an error page of megabytes is not read to its end', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    const client = await world.post(ask)
    world.upstream.last.head(500, [['content-type', 'text/html']])
    for (let i = 0; i < 9; i++) world.upstream.last.data(new Uint8Array(8 << 10))
    await client.done
    expect(world.upstream.last.state).toBe('aborted')
    expect(client.status).toBe(502)
  })
})

describe('stored responses', () => {
  const bound = () => {
    const world = createWorld()
    world.scheduler.owners.set(`team-a/${ownerKey('response', 'resp_1')}`, 'b')
    return world
  }

  it('are continued where they are stored', async () => {
    const world = bound()
    const client = await world.post({ ...ask, previous_response_id: 'resp_1' })
    expect(world.upstream.last.account).toBe('b')
    world.upstream.last.json(200, { id: 'resp_2' })
    await client.done
  })

  it('never move: when their account fails, the client hears of it', async () => {
    const world = bound()
    const client = await world.post({ ...ask, previous_response_id: 'resp_1' })
    world.upstream.last.json(500, { error: { type: 'server_error' } })
    await client.done
    expect(client.error.code).toBe('upstream_error')
    expect(world.upstream.exchanges).toHaveLength(1)
  })

  it('that are unknown, somebody else’s or malformed get one answer, byte for byte, and reach no upstream', async () => {
    const answers = new Set<string>()
    for (const [id, key] of [
      ['resp_9', undefined],
      ['resp_1', keyB],
      ['', undefined],
      ['x'.repeat(10_240), undefined],
    ]) {
      const world = bound()
      const client = await world.post({ ...ask, previous_response_id: id }, key === undefined ? {} : { key })
      await client.done
      expect(client.status).toBe(400)
      answers.add(client.text)
      expect(world.upstream.exchanges).toHaveLength(0)
    }
    expect(answers.size).toBe(1)
    expect([...answers][0]).toContain('previous_response_not_found')
  })

  it('are sent on unknown only when the operator asked for it', async () => {
    const world = createWorld({ pool: { unknownOwners: 'relay' } })
    const client = await world.post({ ...ask, previous_response_id: 'resp_9' })
    expect(world.upstream.last.body).toContain('resp_9')
    world.upstream.last.json(400, { error: { code: 'previous_response_not_found', message: 'theirs' } })
    await client.done
    expect(client.error).toMatchObject({ code: 'previous_response_not_found', param: 'previous_response_id' })
    expect(client.text).not.toContain('theirs')
  })

  it('are retrieved and deleted at their owner, without a slot', async () => {
    const world = bound()
    const got = await world.call('GET', '/v1/responses/resp_1?include=x')
    expect(world.upstream.last.request).toMatchObject({
      method: 'GET',
      path: '/responses/resp_1?include=x',
      body: null,
    })
    expect(world.upstream.last.account).toBe('b')
    world.upstream.last.json(200, { id: 'resp_1' })
    await got.done
    expect(got.text).toBe('{"id":"resp_1"}')
    const deleted = await world.call('DELETE', '/v1/responses/resp_1')
    world.upstream.last.json(200, { id: 'resp_1', deleted: true })
    await deleted.done
    const again = await world.call('GET', '/v1/responses/resp_1')
    await again.done
    expect(again.status).toBe(404)
    expect(world.scheduler.leases).toHaveLength(0)
    expect(world.upstream.exchanges).toHaveLength(2)
  })

  it('that are foreign, unknown or gone upstream are one 404 on retrieval', async () => {
    const world = bound()
    const foreign = await world.call('GET', '/v1/responses/resp_1', keyB)
    const gone = await world.call('GET', '/v1/responses/resp_1')
    world.upstream.last.json(404, { error: { message: 'No such thing in org-secret' } })
    await Promise.all([foreign.done, gone.done])
    const unknown = await world.call('DELETE', '/v1/responses/resp_1', keyB)
    await unknown.done
    expect(new Set([foreign, gone, unknown].map(client => JSON.stringify(client.error))).size).toBe(1)
    expect(foreign.status).toBe(404)
  })

  it('cannot be found while the store of bindings fails, and nothing is claimed of them', async () => {
    const world = bound()
    world.scheduler.locate = () => {
      throw new SchedulerError('store_failed', 'x')
    }
    const client = await world.call('GET', '/v1/responses/resp_1')
    await client.done
    expect([client.status, client.error.code]).toEqual([503, 'state_unavailable'])
    expect(world.failures).toMatchObject([{ code: 'store_failed' }])
  })

  it('stream again from where they were left, ending as any stream', async () => {
    const world = bound()
    const client = await world.call('GET', '/v1/responses/resp_1?stream=true&starting_after=2')
    const { delta } = responseEvents('resp_1')
    world.upstream.last.stream(delta).fault({ kind: 'closed', detail: '' })
    await client.done
    expect(client.text.startsWith(`${delta}event: error\n`)).toBe(true)
  })
})

describe('the request itself', () => {
  it('is refused before any upstream hears of it', async () => {
    const world = createWorld()
    const refused = [
      await world.post({}),
      await world.post({ model: 'gpt', stream: 'true' }),
      await world.post(ask, { key: 'wrong-key-wrong' }),
      await world.post(ask, { headers: [['content-encoding', 'gzip']] }),
      await world.post(ask, { path: '/v1/response' }),
      await world.post(ask, { headers: [['x-headgate-hops', '3']] }),
    ]
    await Promise.all(refused.map(client => client.done))
    expect(refused.map(client => client.status)).toEqual([400, 400, 401, 415, 404, 508])
    expect(world.upstream.exchanges).toHaveLength(0)
    expect(world.scheduler.balanced).toBe(true)
  })

  it('beyond the memory of all bodies is told to come back', async () => {
    const world = createWorld({ limits: { bufferedBytes: 140 } })
    const first = await world.post({ ...ask, pad: 'x'.repeat(30) })
    const second = await world.post({ ...ask, pad: 'x'.repeat(30) }, { key: keyB })
    await second.done
    expect(second.error.code).toBe('gateway_overloaded')
    world.upstream.last.json(200, {})
    await first.done
    const third = await world.post({ ...ask, pad: 'x'.repeat(30) })
    world.upstream.last.json(200, {})
    await third.done
    expect(third.status).toBe(200)
  })

  it('is forgotten once its answer begins, and whichever way it ends', async () => {
    const { created, delta, completed, failed } = responseEvents('resp_1')
    const body = { ...ask, stream: true }
    const world = createWorld({ limits: { bufferedBytes: 2 * bytesOf(JSON.stringify(body)).length } })
    const streaming = await world.post(body)
    world.upstream.last.stream(created, delta)
    const first = world.upstream.last
    for (const play of [
      () => world.upstream.last.json(400, { error: {} }),
      () => world.upstream.last.stream(created, failed('insufficient_quota')),
      () => world.upstream.last.json(401, {}),
    ]) {
      const client = await world.post(body)
      expect(client.begun).toBe(false)
      play()
      world.upstream.answer = exchange => exchange.json(401, {})
      await calm()
      if (world.upstream.last.state === 'running') world.upstream.last.json(401, {})
      await client.done
      world.upstream.answer = undefined
    }
    const broken = new FakeClient(
      'POST',
      '/v1/responses',
      [
        ['api-key', keyB],
        ['content-type', 'application/json'],
        ['content-length', '10'],
      ],
      Promise.reject(new GatewayError('truncated_body')),
    )
    const truncated = world.send(broken)
    await truncated.done
    expect(truncated.error.code).toBe('truncated_body')
    const last = await world.post(body)
    expect(last.begun).toBe(false)
    world.upstream.last.stream(completed).end()
    first.data(completed).end()
    await Promise.all([last.done, streaming.done])
  })

  it('beyond its client’s concurrency is refused until another has ended', async () => {
    const world = createWorld({ concurrency: 1 })
    const first = await world.post(ask)
    const second = await world.post(ask)
    await second.done
    expect(second.error.code).toBe('key_concurrency')
    expect(second.header('retry-after')).toBe('1')
    world.upstream.last.json(200, {})
    await first.done
    const third = await world.post(ask)
    world.upstream.last.json(200, {})
    await third.done
    expect(third.status).toBe(200)
  })

  it('about what is stored has a concurrency of its own, so that a client at its limit can still cancel', async () => {
    const world = createWorld({ concurrency: 1 })
    world.scheduler.owners.set(`team-a/${ownerKey('response', 'resp_1')}`, 'a')
    const create = await world.post(ask)
    const asked = await world.call('GET', '/v1/responses/resp_1')
    expect(world.upstream.exchanges).toHaveLength(2)
    const refused = await world.call('POST', '/v1/responses/resp_1/cancel')
    await refused.done
    expect(refused.error.code).toBe('key_concurrency')
    world.upstream.last.json(200, {})
    await asked.done
    const cancelled = await world.call('POST', '/v1/responses/resp_1/cancel')
    for (const exchange of world.upstream.exchanges) exchange.json(200, {})
    await Promise.all([create.done, cancelled.done])
    expect(cancelled.status).toBe(200)
  })

  it('carries the account’s own headers and none of the client’s secrets', async () => {
    const world = createWorld()
    const client = await world.post(ask, {
      headers: [
        ['cookie', 'c'],
        ['openai-organization', 'o'],
      ],
    })
    const { headers } = world.upstream.last.request
    expect(headers.map(([name]) => name)).toEqual(['content-type', 'accept-encoding', 'x-headgate-hops'])
    world.upstream.last.json(200, {})
    await client.done
  })

  it('tells the routing only to a client that asked for it', async () => {
    const world = createWorld()
    const quiet = await world.post(ask)
    world.upstream.last.json(200, {})
    const curious = await world.post(ask, { key: keyB })
    world.upstream.last.json(200, {})
    await Promise.all([quiet.done, curious.done])
    expect(quiet.header('x-headgate-account')).toBeUndefined()
    expect(curious.header('x-headgate-account')).toBe('a')
    expect(curious.header('x-headgate-attempts')).toBe('1')
    expect(curious.header('x-headgate-pool')).toBe('default')
  })

  it('tells it of an error as well, to that client alone', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] } as never)
    const answers = []
    for (const key of [undefined, keyB]) {
      const client = await world.post(ask, key === undefined ? {} : { key })
      world.upstream.last.json(500, { error: { message: 'broken' } })
      await client.done
      answers.push(
        ['attempts', 'pool', 'account', 'decision'].map(name => client.header(`x-headgate-${name}`)),
      )
    }
    const [quiet, curious] = answers
    expect(quiet).toEqual([undefined, undefined, undefined, undefined])
    expect(curious).toEqual(['1', 'default', 'a', expect.stringMatching(/^\d+$/)])
  })

  it('goes to no account that lacks what it needs', async () => {
    const accounts = [{ id: 'a', capabilities: { background: false } }, { id: 'b' }]
    const world = createWorld({ accounts } as never)
    const client = await world.post({ ...ask, background: true })
    expect(world.upstream.last.account).toBe('b')
    world.upstream.last.json(200, {})
    await client.done
  })

  it('is refused with what it needs when no account has that', async () => {
    const world = createWorld()
    world.scheduler.refusal = new SchedulerError('all_excluded', 'x')
    const client = await world.post({ ...ask, background: true })
    await client.done
    expect(client.error.code).toBe('no_accounts')
    expect(client.error.message).toBe(
      'No account can serve this request: it takes an account with responses, background.',
    )
  })
})

describe('GET /v1/models', () => {
  it('lists exact names, mapping keys, and what accounts with wildcards answer, once a minute', async () => {
    const accounts = [
      { id: 'a', models: { 'gpt-5': 'dep' } },
      { id: 'b', models: ['llama-*'] },
    ]
    const world = createWorld({ accounts } as never)
    world.upstream.answer = exchange =>
      exchange.json(200, { data: [{ id: 'llama-3' }, { id: 'other' }, { id: 5 }, null] })
    const list = await world.call('GET', '/v1/models')
    await list.done
    expect(JSON.parse(list.text).data.map((model: { id: string }) => model.id)).toEqual(['gpt-5', 'llama-3'])
    expect(world.upstream.last.request).toMatchObject({ method: 'GET', path: '/models' })
    const one = await world.call('GET', '/v1/models/llama-3')
    await one.done
    expect(JSON.parse(one.text)).toMatchObject({ id: 'llama-3', object: 'model' })
    expect(world.upstream.exchanges).toHaveLength(1)
    world.clock.advance(60_000)
    world.upstream.answer = exchange => exchange.fault({ kind: 'connect', detail: '' })
    const later = await world.call('GET', '/v1/models/llama-4')
    await later.done
    expect(world.upstream.exchanges).toHaveLength(2)
    expect(later.status).toBe(404)
    expect(later.error.message).toContain('llama-3, gpt-5')
  })
})
