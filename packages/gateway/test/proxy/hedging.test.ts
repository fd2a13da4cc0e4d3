import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FakeClient, FakeExchange } from './fake-sides.ts'
import { calm, chatEvents, createWorld, keyB, responseEvents, type WorldOptions } from './world.ts'

const ask = { model: 'gpt', input: 'hi', stream: true }
const hedge = { afterMs: 1000, budget: 0.5 }
const sse = [['content-type', 'text/event-stream']] as const

function hedgingWorld(options: WorldOptions = {}) {
  return createWorld({ ...options, pool: { hedge, ...options.pool } })
}

/** A stream that has been silent for as long as it may, and the two attempts at it. */
async function race(options: WorldOptions = {}, body: object = ask) {
  const world = hedgingWorld(options)
  const client = await world.post(body)
  world.clock.advance(1000)
  await calm()
  const [first, second] = world.upstream.exchanges as [FakeExchange, FakeExchange]
  return { world, client, first, second }
}

const events = responseEvents('resp_1')

describe('a stream that says nothing for long', () => {
  it('gets a second attempt on an idle account, whose answer it is if it begins first', async () => {
    const { world, client, first, second } = await race()
    expect([first.account, second.account]).toEqual(['a', 'b'])
    expect(second.body).toBe(first.body)
    second.stream(events.created, events.delta)
    // Before a byte is relayed the other one is over.
    expect([first.state, client.text.includes('output_text.delta')]).toEqual(['aborted', true])
    second.data(events.completed).end()
    await client.done
    expect(client.text).toBe(events.created + events.delta + events.completed)
    expect(world.scheduler.balanced).toBe(true)
    expect(world.records[0]).toMatchObject({ hedge: 'won', account: 'b', status: 200 })
    expect(world.records[0]!.attempts).toMatchObject([
      { account: 'a', hedge: false, answered: false, outcome: undefined },
      { account: 'b', hedge: true, answered: true, outcome: 'ok' },
    ])
  })

  it('is answered by the first one if that begins first after all, and says nothing about the loser', async () => {
    const { world, client, first, second } = await race()
    second.stream(events.created)
    first.stream(events.created, events.delta, events.completed).end()
    await client.done
    expect([second.state, client.ending]).toEqual(['aborted', 'ended'])
    expect(world.records[0]).toMatchObject({ hedge: 'lost', account: 'a', usage: { outputTokens: 2 } })
    // Neutral: no outcome, no time to first token, its slot free.
    expect(world.scheduler.leases).toMatchObject([
      { outcome: 'ok', firstTokens: 1 },
      { outcome: undefined, disposed: 1, firstTokens: 0 },
    ])
    // What it may have stored is deleted where it is.
    expect(world.upstream.last.request).toMatchObject({ method: 'DELETE', path: '/responses/resp_1' })
    expect(world.upstream.last.account).toBe('b')
    expect(world.records[0]!.attempts[1]).toMatchObject({ orphaned: true })
  })

  it('works the same for chat', async () => {
    const { role, text, done } = chatEvents()
    const body = { model: 'gpt', messages: [{ role: 'user', content: 'x' }], stream: true }
    const world = hedgingWorld()
    const client = await world.post(body, { path: '/v1/chat/completions' })
    world.upstream.exchanges[0]!.stream(role)
    world.clock.advance(1000)
    await calm()
    world.upstream.last.stream(role, text, done).end()
    await client.done
    expect([world.upstream.exchanges[0]!.state, client.text]).toEqual(['aborted', role + text + done])
  })

  it('waits no longer when it began in time, or is over', async () => {
    const world = hedgingWorld()
    const began = await world.post(ask)
    world.upstream.last.stream(events.created, events.delta)
    world.clock.advance(5000)
    await calm()
    expect(world.upstream.exchanges).toHaveLength(1)
    world.upstream.last.data(events.completed).end()
    await began.done
    expect(world.records[0]!.hedge).toBeUndefined()
  })

  it('goes on with the one that is left when the other fails, whichever it is', async () => {
    for (const failing of [0, 1]) {
      const { world, client, first, second } = await race()
      const [loser, other] = failing === 0 ? [first, second] : [second, first]
      loser!.fault({ kind: 'closed', detail: '' })
      await calm()
      expect([client.begun, other!.state]).toEqual([false, 'running'])
      other!.stream(events.created, events.delta, events.completed).end()
      await client.done
      expect(client.text).toContain('response.completed')
      expect(world.records[0]).toMatchObject({ hedge: failing === 0 ? 'won' : 'lost' })
      expect(world.scheduler.leases[failing]).toMatchObject({ outcome: 'transport_error' })
    }
  })

  it('fails over as ever when both fail, and is not hedged again', async () => {
    const accounts = [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]
    const { world, client, first, second } = await race({ accounts })
    second.json(503, { error: { code: 'server_is_overloaded' } })
    first.json(500, { error: { code: 'server_error' } })
    await calm()
    expect(world.upstream.last.account).toBe('c')
    world.clock.advance(1000)
    await calm()
    expect(world.upstream.exchanges).toHaveLength(3)
    world.upstream.last.stream(events.created, events.delta, events.completed).end()
    await client.done
    expect(world.records[0]).toMatchObject({ hedge: 'failed', account: 'c', status: 200 })
    expect(world.scheduler.balanced).toBe(true)
  })

  it('counts both towards the attempts of a request, and two lost answers are the end', async () => {
    const accounts = [{ id: 'a' }, { id: 'b' }, { id: 'c' }]
    const two = await race({ accounts, limits: { attempts: 2 } })
    two.first.json(500, { error: {} })
    two.second.json(500, { error: {} })
    await two.client.done
    expect([two.client.status, two.world.upstream.exchanges.length]).toEqual([500, 2])
    const lost = await race({ accounts })
    lost.first.fault({ kind: 'closed', detail: '' })
    lost.second.fault({ kind: 'closed', detail: '' })
    await lost.client.done
    expect([lost.client.status, lost.world.upstream.exchanges.length]).toEqual([502, 2])
  })

  it('stops both when the client leaves', async () => {
    const { world, client, first, second } = await race()
    client.leave()
    await client.done
    expect([first.state, second.state]).toEqual(['aborted', 'aborted'])
    expect(world.scheduler.leases.map(({ outcome }) => outcome)).toEqual(['client_abort', 'client_abort'])
    expect(world.records[0]).toMatchObject({ hedge: 'client_abort', status: 499 })
  })
})

describe('there is no second attempt', () => {
  const none = async (options: WorldOptions, body: object = ask, result?: string) => {
    const { world, client } = await race(options, body)
    expect(world.upstream.exchanges).toHaveLength(1)
    client.leave()
    await client.done
    expect(world.records[0]!.hedge).toBe(result)
    expect(world.scheduler.balanced).toBe(true)
  }

  it('where the pool does not hedge', () => none({ pool: { hedge: undefined } }))
  it('for an answer in JSON, whose silence is no sign', () => none({}, { ...ask, stream: false }))
  it('for background work', () => none({}, { ...ask, background: true }))

  it('when the budget is spent, and the first goes on', async () => {
    const world = hedgingWorld({ pool: { hedge: { afterMs: 1000, budget: 0.1 } } })
    const hedged: boolean[] = []
    for (let count = 0; count < 31; count++) {
      const client = await world.post(ask)
      const first = world.upstream.last
      world.clock.advance(1000)
      await calm()
      hedged.push(world.upstream.last !== first)
      first.stream(events.created, events.delta, events.completed).end()
      await client.done
    }
    expect(hedged.filter(Boolean)).toHaveLength(4)
    expect(world.records[1]).toMatchObject({ hedge: 'no_budget', status: 200 })
    expect(world.scheduler.balanced).toBe(true)
  })

  it('when no other account has a free slot, and that costs no budget', async () => {
    const accounts = [{ id: 'a' }, { id: 'b', concurrency: 1 }]
    const world = hedgingWorld({ accounts, pool: { hedge: { afterMs: 1000, budget: 0.001 } } })
    world.scheduler.inUse.set('b', 1)
    const client = await world.post(ask)
    world.clock.advance(1000)
    await calm()
    client.leave()
    await client.done
    expect(world.records[0]).toMatchObject({ hedge: 'no_slot' })
    world.scheduler.inUse.set('b', 0)
    const next = await world.post(ask)
    world.clock.advance(1000)
    await calm()
    expect(world.upstream.last.account).toBe('b')
    next.leave()
    await next.done
  })

  it('until a slot is free, if that is before the first one begins', async () => {
    const accounts = [{ id: 'a' }, { id: 'b', concurrency: 1 }]
    const world = hedgingWorld({ accounts })
    world.scheduler.inUse.set('b', 1)
    const client = await world.post(ask)
    world.clock.advance(5_000)
    await calm()
    expect(world.upstream.exchanges).toHaveLength(1)
    world.scheduler.inUse.set('b', 0)
    world.clock.advance(250)
    await calm()
    expect(world.upstream.last.account).toBe('b')
    world.upstream.last.stream(events.created, events.delta, events.completed).end()
    await client.done
    expect(world.records[0]).toMatchObject({ hedge: 'won', account: 'b' })
    expect(world.scheduler.balanced).toBe(true)
  })

  it('with auto, before the first was silent for as long as makes it worth its price', async () => {
    const world = hedgingWorld({ pool: { hedge: { afterMs: 'auto', budget: 1 } } })
    world.scheduler.firstTokenMs.set('a', 100).set('b', 1_000)
    for (let count = 0; count < 48; count++) {
      const client = await world.post(ask)
      world.clock.advance(100)
      world.upstream.last.stream(events.created, events.delta, events.completed).end()
      await client.done
    }
    const before = world.upstream.exchanges.length
    const client = await world.post(ask)
    // The budget is full but for the one that is asked for: 0.4 + 2 / 30 of what the second would take.
    for (const ms of [100, 366]) {
      world.clock.advance(ms)
      await calm()
    }
    expect(world.upstream.exchanges).toHaveLength(before + 1)
    world.clock.advance(1)
    await calm()
    expect(world.upstream.exchanges).toHaveLength(before + 2)
    client.leave()
    await client.done
    expect(world.scheduler.balanced).toBe(true)
  })

  it('for the only account that holds what the request continues; another one of its domain will do', async () => {
    for (const stateDomain of [undefined, 'shared']) {
      const account = (id: string) => ({ id, ...(stateDomain === undefined ? {} : { stateDomain }) })
      const world = hedgingWorld({ accounts: [account('a'), account('b')] })
      const made = await world.post({ model: 'gpt', input: 'x' })
      world.upstream.last.json(200, { id: 'resp_1' })
      await made.done
      const client = await world.post({ ...ask, previous_response_id: 'resp_1' })
      world.clock.advance(1000)
      await calm()
      expect(world.upstream.exchanges).toHaveLength(stateDomain === undefined ? 2 : 3)
      client.leave()
      await client.done
    }
  })

  it('before enough is known of how long streams take, with auto', async () => {
    const world = hedgingWorld({ pool: { hedge: { afterMs: 'auto', budget: 1 } } })
    const serve = async (ms: number): Promise<number> => {
      const before = world.upstream.exchanges.length
      const client = await world.post(ask)
      const first = world.upstream.last
      world.clock.advance(ms)
      await calm()
      const made = world.upstream.exchanges.length - before
      first.stream(events.created, events.delta, events.completed).end()
      await client.done
      return made
    }
    expect(await serve(60_000 - 1)).toBe(1)
    for (let count = 0; count < 47; count++) await serve(200)
    expect(await serve(199)).toBe(1)
    expect(await serve(200)).toBe(2)
  })
})

it('a hedge moves no session, and says how many attempts there were to who may know', async () => {
  const world = hedgingWorld()
  const client = await world.post(ask, { key: keyB, headers: [['x-session-id', 's']] })
  world.clock.advance(1000)
  await calm()
  expect(world.scheduler.requests.map(({ session }) => session === undefined)).toEqual([false, false])
  expect(world.scheduler.requests.map(({ hedge }) => hedge)).toEqual([undefined, true])
  world.upstream.last.stream(events.created, events.delta, events.completed).end()
  await client.done
  expect([client.header('x-headgate-attempts'), client.header('x-headgate-account')]).toEqual(['2', 'b'])
})

describe('whatever two attempts, the client and the clock do, in any order', () => {
  type Step = (sides: readonly (FakeExchange | undefined)[], world: ReturnType<typeof createWorld>) => void
  const headed = new WeakSet<FakeExchange>()
  const of =
    (who: number, act: (exchange: FakeExchange, events: ReturnType<typeof responseEvents>) => void): Step =>
    exchanges => {
      const exchange = exchanges[who]
      if (exchange === undefined) return
      // A head comes once, and before everything else.
      if (!headed.has(exchange)) exchange.head(200, [...sse])
      headed.add(exchange)
      act(exchange, responseEvents(`resp_${who}`))
    }
  const acts = [
    () => {},
    (exchange, { created }) => exchange.data(created),
    (exchange, { delta }) => exchange.data(delta),
    (exchange, { delta }) => exchange.data(delta.slice(0, 20)),
    (exchange, { completed }) => exchange.data(completed),
    (exchange, { failed }) => exchange.data(failed('server_error')),
    exchange => exchange.end(),
    exchange => exchange.fault({ kind: 'closed', detail: '' }),
    (exchange, { created, delta, completed }) => exchange.data(created + delta + completed).end(),
  ] satisfies readonly ((exchange: FakeExchange, events: ReturnType<typeof responseEvents>) => void)[]
  const steps: readonly Step[] = [
    ...[0, 1].flatMap(who => acts.map(act => of(who, act))),
    (_, world) => world.clock.advance(500),
    (_, world) => world.clock.advance(1000),
  ]

  /** What the client may have been told: one upstream's events, whole, perhaps an error event after them. */
  function expectHonest(client: FakeClient): void {
    const ids = new Set([...client.text.matchAll(/resp_\d/g)].map(([id]) => id))
    expect(ids.size).toBeLessThanOrEqual(1)
    // An upstream may contradict itself; the gateway says its own word once.
    expect(client.text.split('event: error').length).toBeLessThanOrEqual(2)
    const ended = /response\.completed|response\.failed|event: error/.test(client.text)
    if (client.ending === 'ended' && client.status === 200) expect(ended).toBe(true)
    expect(client.ending).not.toBe('open')
  }

  it('there is exactly one answer, each slot is given back once, and nothing comes after the end', async () => {
    let races = 0
    const script = fc.array(
      fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...steps) }, fc.constantFrom('leave', 'calm')),
      {
        minLength: 3,
        maxLength: 20,
      },
    )
    await fc.assert(
      fc.asyncProperty(script, fc.boolean(), async (script, slowBinding) => {
        const world = hedgingWorld({ limits: { attempts: 2 } })
        if (slowBinding) world.scheduler.bind = () => Promise.resolve()
        const client = await world.post(ask)
        // The heads come apart from what follows, so that steps of both sides meet in one turn.
        for (const step of ['calm', ...script]) {
          if (step === 'leave') client.leave()
          else if (step === 'calm') await calm()
          else
            (step as Step)(
              world.upstream.exchanges.filter(({ request }) => request.method === 'POST'),
              world,
            )
        }
        await calm()
        const posts = world.upstream.exchanges.filter(({ request }) => request.method === 'POST')
        if (posts.length > 1) races++
        for (const exchange of posts) exchange.fault({ kind: 'closed', detail: '' })
        await calm()
        for (const exchange of world.upstream.exchanges) exchange.fault({ kind: 'closed', detail: '' })
        await client.done
        const told = client.text
        world.clock.advance(600_000)
        await calm()
        expect(client.text).toBe(told)
        expectHonest(client)
        expect(world.records).toHaveLength(1)
        expect(world.scheduler.balanced).toBe(true)
        expect(world.records[0]!.attempts.filter(({ answered }) => answered).length).toBeLessThanOrEqual(1)
        expect(world.upstream.exchanges.every(({ state }) => state !== 'running')).toBe(true)
        expect(world.failures).toEqual([])
      }),
      { numRuns: 1000 },
    )
    expect(races).toBeGreaterThan(100)
  })
})
