import { SchedulerError, type SchedulerErrorCode } from '@headgate/scheduler'
import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ownerKey } from '../../src/proxy/ownership/owner-key.ts'
import { bytesOf, FakeClient, type FakeExchange, type FakeUpstream } from './fake-sides.ts'
import { calm, chatEvents, createWorld, keyA, responseEvents } from './world.ts'

const ask = { model: 'gpt', input: 'hi' }
const streamed = { ...ask, stream: true }

/** The events a client sees: type and data, in order. */
function eventsOf(text: string): { type: string; data: string }[] {
  const events: { type: string; data: string }[] = []
  const parser = createParser({ onEvent: ({ event, data }) => events.push({ type: event ?? '', data }) })
  parser.feed(text)
  return events
}

const ways: Record<string, (exchange: FakeExchange) => void> = {
  'is cut off': exchange => exchange.fault({ kind: 'closed', detail: '' }),
  'falls silent': exchange => exchange.fault({ kind: 'idle_timeout' }),
  'ends early': exchange => exchange.end(),
}

/** Deleting what an abandoned attempt left behind goes on without the client. */
const deletions = ({ exchanges }: FakeUpstream) =>
  exchanges.filter(({ state, request }) => state === 'running' && request.method === 'DELETE')
const isRunning = ({ state, request }: FakeExchange) => state === 'running' && request.method === 'POST'

const dialects = {
  responses: {
    path: '/v1/responses',
    events: (id: string) => {
      const { created, inProgress, item, delta, completed } = responseEvents(id)
      return [created, inProgress, item, delta, completed]
    },
    isError: (event: { type: string }) => event.type === 'error',
    isEnd: (event: { type: string }) => event.type === 'response.completed',
  },
  chat: {
    path: '/v1/chat/completions',
    events: (id: string) => {
      const { role, text, done } = chatEvents(id)
      return [role, text, done]
    },
    isError: (event: { data: string }) => event.data.startsWith('{"error"'),
    isEnd: (event: { data: string }) => event.data === '[DONE]',
  },
}

for (const [dialect, { path, events, isError, isEnd }] of Object.entries(dialects)) {
  describe(`a ${dialect} stream that breaks`, () => {
    for (const [way, breakOff] of Object.entries(ways)) {
      it(`because its upstream ${way}, at any byte, is whole from elsewhere or ends with one explicit error`, async () => {
        const first = events('resp_1').join('')
        const second = events('resp_2').join('')
        const bytes = bytesOf(first)
        for (let at = 0; at <= bytes.length; at++) {
          const world = createWorld()
          const client = await world.post(streamed, { path })
          world.upstream.last.stream().data(bytes.subarray(0, at))
          const seen = client.text
          breakOff(world.upstream.last)
          await calm()
          if (world.upstream.last.account === 'b') {
            expect(seen).toBe('')
            world.upstream.last.stream(second).end()
          }
          await client.done
          const shown = eventsOf(client.text)
          const errors = shown.filter(isError)
          if (client.text === second) {
            expect(world.upstream.exchanges.filter(({ request }) => request.method === 'POST')).toHaveLength(
              2,
            )
          } else if (shown.some(isEnd)) {
            expect(client.text.trimEnd()).toBe(first.trimEnd())
            expect(errors).toHaveLength(0)
          } else {
            expect(world.upstream.exchanges).toHaveLength(1)
            expect(errors).toHaveLength(1)
            expect(isError(shown.at(-1)!)).toBe(true)
            const whole = eventsOf(first)
            expect(shown.slice(0, -1)).toEqual(whole.slice(0, shown.length - 1))
          }
          expect(client.ending).toBe('ended')
          expect(world.scheduler.balanced).toBe(true)
          expect(world.failures).toEqual([])
          expect(world.clock.pending).toBe(deletions(world.upstream).length)
        }
      })
    }
  })
}

describe('a stream that fails of itself', () => {
  const one = responseEvents('resp_1')
  const two = responseEvents('resp_2')

  it('before the model began moves to another account, with nothing of the first shown', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(one.created, one.inProgress, one.failed('server_error'))
    await calm()
    expect(world.upstream.exchanges[0]!.state).toBe('aborted')
    world.upstream.last.stream(two.created, two.delta, two.completed).end()
    await client.done
    expect(client.text).toBe(two.created + two.delta + two.completed)
    expect(world.scheduler.leases.map(lease => [lease.outcome, lease.bound])).toEqual([
      ['server_error', []],
      ['ok', [ownerKey('response', 'resp_2')]],
    ])
    expect(world.scheduler.switches).toBe(1)
  })

  it('in the middle of its first output moves to another account: half an event is no beginning', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(one.created, one.delta.slice(0, -5)).end()
    await calm()
    expect(client.begun).toBe(false)
    world.upstream.last.stream(two.created, two.delta, two.completed).end()
    await client.done
    expect(client.text).toBe(two.created + two.delta + two.completed)
  })

  it('while its id is being bound says nothing later, when another account has answered', async () => {
    for (const answer of ['resolve', 'reject'] as const) {
      const world = createWorld({ pool: { commit: 'early' } })
      const slow = Promise.withResolvers<void>()
      world.scheduler.bind = () => slow.promise
      const client = await world.post(streamed)
      world.upstream.last.stream(one.created).fault({ kind: 'closed', detail: '' })
      await calm()
      world.scheduler.bind = () => {}
      world.upstream.last.stream(two.created)
      slow[answer](undefined as never)
      await calm()
      world.upstream.last.data(two.delta + two.completed).end()
      await client.done
      expect(client.text).toBe(two.created + two.delta + two.completed)
      expect(world.scheduler.balanced).toBe(true)
      expect(world.failures).toEqual([])
    }
  })

  it('after the model began is passed on as it is, and counts', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(one.created, one.delta, one.failed('rate_limit_exceeded')).end()
    await client.done
    expect(client.text).toBe(one.created + one.delta + one.failed('rate_limit_exceeded'))
    expect(world.scheduler.leases).toMatchObject([{ outcome: 'rate_limited', settled: 1 }])
  })

  it('numbers its error event after the last one shown', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(one.created, one.delta).fault({ kind: 'closed', detail: '' })
    await client.done
    const last = eventsOf(client.text).at(-1)!
    expect(JSON.parse(last.data)).toMatchObject({
      type: 'error',
      code: 'upstream_disconnected',
      sequence_number: 4,
    })
  })

  it('after its own end is whole all the same', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    world.upstream.last.stream(one.created, one.delta, one.completed).fault({ kind: 'closed', detail: '' })
    await client.done
    expect(client.text).toBe(one.created + one.delta + one.completed)
    expect(world.scheduler.leases[0]!.outcome).toBe('ok')
  })
})

describe('a client that leaves', () => {
  const { created, delta } = responseEvents('resp_1')

  it('while its body is read takes no slot', async () => {
    const world = createWorld()
    const headers = [
      ['authorization', `Bearer ${keyA}`],
      ['content-type', 'application/json'],
    ] as const
    const client = world.send(new FakeClient('POST', '/v1/responses', headers, new Promise(() => {})))
    await calm()
    client.leave()
    await client.done
    expect(world.scheduler.requests).toHaveLength(0)
    expect(world.records).toMatchObject([{ status: 499, errorCode: 'client_closed' }])
  })

  it('while it waits in the queue never reaches an upstream', async () => {
    const world = createWorld({ accounts: [{ id: 'a', concurrency: 1 }] } as never)
    const first = await world.post(ask)
    const second = await world.post(ask)
    expect(world.scheduler.waiting).toBe(1)
    second.leave()
    await second.done
    expect(world.scheduler.waiting).toBe(0)
    world.upstream.last.json(200, {})
    await first.done
    expect(world.upstream.exchanges).toHaveLength(1)
    expect(world.scheduler.balanced).toBe(true)
  })

  it('in the moment its slot is granted gives the slot back', async () => {
    const world = createWorld({ accounts: [{ id: 'a', concurrency: 1 }] } as never)
    const first = await world.post(ask)
    const second = await world.post(ask)
    world.upstream.last.json(200, {})
    second.leave()
    await Promise.all([first.done, second.done])
    expect(world.upstream.exchanges).toHaveLength(1)
    expect(world.scheduler.leases).toMatchObject([{ outcome: 'ok' }, { outcome: 'client_abort', settled: 1 }])
    expect(world.scheduler.balanced).toBe(true)
  })

  it.each([
    ['a generation', '/v1/responses', {}],
    ['one that may be hedged', '/v1/responses', { pool: { hedge: { afterMs: 1000, budget: 1 } } }],
    ['the making of a conversation', '/v1/conversations', {}],
  ])(
    'in any step between the grant and the exchange of %s leaves nothing running',
    async (_, path, options) => {
      for (let steps = 0; steps < 30; steps++) {
        const accounts = [{ id: 'a', concurrency: 1 }]
        const world = createWorld({ ...options, accounts } as never)
        const first = await world.post(ask)
        const second = await world.post({ ...ask, stream: true }, { path })
        world.upstream.last.json(200, {})
        for (let step = 0; step < steps; step++) await undefined
        second.leave()
        await Promise.all([first.done, second.done])
        expect(world.upstream.exchanges.filter(isRunning)).toEqual([])
        expect(world.scheduler.balanced).toBe(true)
      }
    },
  )

  const moments: Record<string, (exchange: FakeExchange) => void> = {
    'before the head': () => {},
    'between head and first event': exchange => exchange.stream(),
    'while the stream is held': exchange => exchange.stream(created),
    'in the middle of the stream': exchange => exchange.stream(created, delta),
    'in the middle of an event': exchange => exchange.stream(created, delta, delta.slice(0, 9)),
    'in the middle of a JSON body': exchange =>
      void exchange.head(200, [['content-type', 'application/json']]).data('{"id":"resp_1"'),
    'in the middle of an error body': exchange =>
      void exchange.head(500, [['content-type', 'application/json']]).data('{"error":'),
  }
  for (const [moment, play] of Object.entries(moments)) {
    it(`${moment} stops the upstream and frees the slot at once`, async () => {
      const world = createWorld()
      const client = await world.post(streamed)
      play(world.upstream.last)
      client.leave()
      expect(world.upstream.last.state).toBe('aborted')
      expect(world.scheduler.leases).toMatchObject([{ outcome: 'client_abort', settled: 1, disposed: 0 }])
      await client.done
      expect(world.upstream.exchanges.filter(({ request }) => request.method === 'POST')).toHaveLength(1)
      expect(world.clock.pending).toBe(deletions(world.upstream).length)
      expect(world.records).toMatchObject([{ errorCode: 'client_closed' }])
    })
  }

  it('while its id is being bound hears nothing more, whichever way the store answers', async () => {
    for (const answer of ['resolve', 'reject'] as const) {
      const world = createWorld()
      const pending = Promise.withResolvers<void>()
      world.scheduler.bind = () => pending.promise
      const client = await world.post(streamed)
      world.upstream.last.stream(created, delta)
      client.leave()
      await client.done
      pending[answer](undefined as never)
      await calm()
      expect(client.begun).toBe(false)
      expect(world.scheduler.leases).toMatchObject([{ outcome: 'client_abort', settled: 1, disposed: 0 }])
    }
  })

  it('while it was too slow to read does not count against the account', async () => {
    const world = createWorld()
    const client = await world.post(streamed)
    client.keepsUp = false
    world.upstream.last.stream(created, delta)
    client.leave()
    await client.done
    expect(world.scheduler.leases).toMatchObject([{ outcome: 'client_abort' }])
  })
})

describe('failover', () => {
  const four = [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }, { id: 'e' }, { id: 'f' }]

  it('tries at most four accounts, each once, and answers with the last one’s error', async () => {
    const world = createWorld({ accounts: four })
    world.upstream.answer = exchange => exchange.json(503, { error: { code: 'server_is_overloaded' } })
    const client = await world.post(ask)
    await client.done
    expect(world.upstream.exchanges.map(({ account }) => account)).toEqual(['a', 'b', 'c', 'd'])
    expect(client.status).toBe(503)
    expect(client.error.code).toBe('server_is_overloaded')
    expect(world.scheduler.leases.map(({ outcome }) => outcome)).toEqual(Array(4).fill('overloaded'))
    expect(world.records[0]!.attempts).toHaveLength(4)
  })

  it('stops when the budget is spent, and starts again when time has passed', async () => {
    const world = createWorld({ accounts: four })
    world.upstream.answer = exchange => exchange.json(500, { error: { type: 'server_error' } })
    // Ten models, or it would be an outage of one, for which most is not sent at all.
    for (let i = 0; i < 100; i++) await (await world.post({ ...ask, model: `gpt-${i % 10}` })).done
    expect(world.upstream.exchanges.length).toBe(100 + 10 + 20)
    world.clock.advance(10_000)
    await (await world.post(ask)).done
    expect(world.upstream.exchanges.length).toBe(130 + 4)
  })

  it('tells the time to come back when one is known, and not to come back when it has tried elsewhere', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    world.upstream.answer = exchange => exchange.json(429, { error: { code: 'x' } }, [['retry-after', '7']])
    const limited = await world.post(ask)
    await limited.done
    expect([limited.status, limited.header('retry-after')]).toEqual([429, '7'])
    world.upstream.answer = exchange => exchange.json(500, { error: { code: 'x' } })
    const alone = await world.post(ask)
    await alone.done
    expect(alone.header('x-should-retry')).toBeUndefined()
    const both = createWorld()
    both.upstream.answer = world.upstream.answer
    const tried = await both.post(ask)
    await tried.done
    expect(tried.header('x-should-retry')).toBe('false')
  })

  it('never sends background work twice, not even when the connection failed', async () => {
    const world = createWorld()
    const client = await world.post({ ...ask, background: true })
    world.upstream.last.fault({ kind: 'connect', detail: '' }, { requestSent: false })
    await client.done
    expect(world.upstream.exchanges).toHaveLength(1)
    expect(client.error.code).toBe('upstream_unreachable')
  })

  it('repeats work that may have been done once, not twice', async () => {
    const world = createWorld({ accounts: four })
    world.upstream.answer = exchange => exchange.fault({ kind: 'closed', detail: '' })
    const client = await world.post(ask)
    await client.done
    expect(world.upstream.exchanges).toHaveLength(2)
  })

  it('goes on past accounts that do not serve the model, without a mark against them', async () => {
    const world = createWorld()
    const client = await world.post(ask)
    world.upstream.last.json(404, { error: { code: 'model_not_found', message: 'project-secret' } })
    await calm()
    world.upstream.last.json(404, { error: { code: 'model_not_found', message: 'project-secret' } })
    await client.done
    expect(client.status).toBe(404)
    expect(client.error).toMatchObject({ code: 'model_not_found', param: 'model' })
    expect(client.text).not.toContain('secret')
    expect(world.scheduler.leases.map(({ outcome }) => outcome)).toEqual(['client_error', 'client_error'])
  })

  it('tells nothing of an account’s broken credential', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    const client = await world.post(ask)
    world.upstream.last.json(401, { error: { message: 'Incorrect API key provided: sk-secret' } })
    await client.done
    expect(client.status).toBe(502)
    expect(client.text).not.toContain('sk-')
    expect(world.scheduler.leases[0]!.outcome).toBe('auth_broken')
    const [attempt] = world.records[0]!.attempts
    expect(attempt).toMatchObject({ upstreamStatus: 401, errorCode: 'upstream_auth' })
    expect(attempt!.upstreamMessage).toBe('Incorrect API key provided: ***')
  })

  it('passes a client’s mistake on at once, as the upstream put it', async () => {
    const world = createWorld()
    const client = await world.post(ask)
    const mistake = {
      error: { message: 'bad tools', type: 'invalid_request_error', param: 'tools', code: null },
    }
    world.upstream.last.json(400, mistake, [
      ['set-cookie', 'x'],
      ['openai-organization', 'org-secret'],
    ])
    await client.done
    expect(client.text).toBe(JSON.stringify(mistake))
    expect(client.answerHeaders.map(([name]) => name)).toEqual([
      'content-type',
      'x-request-id',
      'content-length',
    ])
    expect(world.upstream.exchanges).toHaveLength(1)
  })

  it('moves on when no output came in time', async () => {
    const world = createWorld({ pool: { firstTokenTimeoutMs: 500 } })
    const client = await world.post(streamed)
    const { created, delta, completed } = responseEvents('resp_1')
    world.upstream.last.stream(created)
    world.clock.advance(500)
    await calm()
    expect(world.upstream.exchanges[0]!.state).toBe('aborted')
    expect(world.scheduler.leases[0]!.outcome).toBe('timeout')
    expect(world.upstream.last.account).toBe('b')
    world.upstream.last.stream(created, delta)
    world.clock.advance(10_000)
    world.upstream.last.data(completed).end()
    await client.done
    expect(client.text).toBe(created + delta + completed)
    expect(world.clock.pending).toBe(0)
  })
})

it.each(['hold', 'early'] as const)(
  'a model that has begun to think is not timed out (%s): nobody else would be faster',
  async commit => {
    const world = createWorld({
      pool: { firstTokenTimeoutMs: 500, commit },
      limits: { keepaliveMs: undefined },
    })
    const client = await world.post(streamed)
    const { created, item, delta, completed } = responseEvents('resp_1')
    world.upstream.last.stream(created)
    world.upstream.last.data(item)
    world.clock.advance(60_000)
    world.upstream.last.data(delta + completed).end()
    await client.done
    expect(client.text).toBe(created + item + delta + completed)
  },
)

describe('what the scheduler refuses', () => {
  it.each<[SchedulerErrorCode, number, string, string | undefined]>([
    ['queue_full', 429, 'queue_full', '3'],
    ['queue_timeout', 503, 'queue_timeout', '3'],
    ['owner_unavailable', 503, 'owner_unavailable', '3'],
    ['cooling_down', 503, 'accounts_cooling_down', '3'],
    ['draining', 503, 'draining', '3'],
    ['store_failed', 503, 'state_unavailable', '3'],
    ['owner_gone', 400, 'previous_response_not_found', undefined],
    ['owner_unknown', 400, 'previous_response_not_found', undefined],
    ['conflicting_owners', 400, 'conflicting_owners', undefined],
    ['model_unsupported', 404, 'model_not_found', undefined],
    ['no_accounts', 503, 'no_accounts', undefined],
  ])('%s is %i %s', async (code, status, told, retryAfter) => {
    const world = createWorld()
    world.scheduler.refusal = new SchedulerError(code, 'x', { retryAfterMs: 2500 })
    const client = await world.post(ask)
    await client.done
    expect([client.status, client.error.code]).toEqual([status, told])
    expect(client.header('retry-after')).toBe(retryAfter)
    // An absence is an answer; only a store that fails is a failure.
    expect(world.failures).toEqual(code === 'store_failed' ? [world.scheduler.refusal] : [])
  })
})

describe('every ending', () => {
  const { created, inProgress, item, delta, completed, failed } = responseEvents('resp_1')
  const step = fc.constantFrom<(exchange: FakeExchange, client: FakeClient) => void>(
    exchange => void exchange.stream(),
    exchange => void exchange.head(200, [['content-type', 'application/json']]),
    exchange => void exchange.head(429, [['content-type', 'application/json']]),
    exchange => void exchange.data(created),
    exchange => void exchange.data(inProgress + item),
    exchange => void exchange.data(delta.slice(0, 30)),
    exchange => void exchange.data(delta.slice(30)),
    exchange => void exchange.data(completed),
    exchange => void exchange.data(failed('server_error')),
    exchange => void exchange.data('{"id":"resp_1"}'),
    exchange => void exchange.data(Uint8Array.of(0xff, 0, 10, 10)),
    exchange => exchange.end(),
    exchange => exchange.fault({ kind: 'closed', detail: '' }),
    exchange => exchange.fault({ kind: 'connect', detail: '' }, { requestSent: false }),
    (_, client) => client.leave(),
    (_, client) => client.dawdle(),
    (_, client) => client.drain(),
  )

  it('settles every lease exactly once, whatever happens in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.boolean(),
        fc.boolean(),
        async (steps, stream, early) => {
          const world = createWorld({
            pool: { commit: early ? 'early' : 'hold', ...(early ? { firstTokenTimeoutMs: 500 } : {}) },
          })
          world.scheduler.bind = early ? () => Promise.resolve() : () => {}
          const client = await world.post({ ...ask, stream })
          let headed: unknown
          for (const act of steps) {
            const { last } = world.upstream
            // An exchange has one head, and it comes first.
            const isHead = /\.head\(|\.stream\(/.test(act.toString())
            if (isHead && headed === last) continue
            if (/\.data\(|\.end\(/.test(act.toString()) && headed !== last) continue
            if (isHead) headed = last
            act(last, client)
            await calm()
          }
          world.upstream.answer = exchange => exchange.json(500, { error: {} })
          client.leave()
          await client.done
          await calm()
          expect(world.scheduler.balanced).toBe(true)
          expect(world.failures).toEqual([])
          expect(world.records).toHaveLength(1)
          expect(world.clock.pending).toBe(deletions(world.upstream).length)
          expect(world.upstream.exchanges.filter(isRunning)).toEqual([])
        },
      ),
      { numRuns: 400 },
    )
  })
})
