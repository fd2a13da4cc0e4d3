import { balancedProfile, createScheduler, type Scheduler } from '@headgate/scheduler'
import {
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '@headgate/scheduler/memory'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FakeClient, FakeExchange } from './fake-sides.ts'
import { calm, createWorld, keyB, responseEvents, type WorldOptions } from './world.ts'

const ask = { model: 'gpt', input: 'hi' }
const overloaded = { error: { code: 'server_is_overloaded' } }

/** The pipeline over the real scheduler with everything in memory. */
function createRealWorld(options: WorldOptions = {}) {
  let scheduler: Scheduler | undefined
  const world = createWorld({
    ...options,
    scheduler: (accounts, clock) => {
      scheduler = createScheduler({
        profile: balancedProfile({ wait: { pool: { timeoutMs: 30_000, max: 1 } } }),
        accounts: createMemoryAccounts(accounts),
        slots: createMemorySlots(),
        bindings: createMemoryBindings({ clock, maxEntries: 1000 }),
        clock,
        random: createSeededRandom(7),
      })
      return scheduler
    },
  })
  const real = scheduler!
  const inUse = () => real.accounts().reduce((sum, account) => sum + account.inUse, 0)
  return { ...world, scheduler: real, inUse }
}

describe('over the real scheduler', () => {
  it('a rate limited account is left alone until the time it named', async () => {
    const world = createRealWorld({
      accounts: [
        { id: 'a', priority: 1 },
        { id: 'b', priority: 2 },
      ],
    } as never)
    world.upstream.answer = exchange => {
      if (exchange.account === 'a')
        exchange.json(429, { error: { code: 'rate_limit_exceeded' } }, [['retry-after', '20']])
      else exchange.json(200, { id: 'resp_1' })
    }
    for (let i = 0; i < 20; i++) {
      const client = await world.post(ask)
      await client.done
      expect(client.status).toBe(200)
    }
    expect(world.upstream.exchanges.filter(({ account }) => account === 'a').length).toBeLessThanOrEqual(1)
    expect(world.scheduler.metrics().accountSwitchTotal).toBeLessThanOrEqual(1)
    world.clock.advance(21_000)
    for (let i = 0; i < 20; i++) await (await world.post(ask)).done
    expect(world.upstream.exchanges.filter(({ account }) => account === 'a').length).toBeGreaterThanOrEqual(1)
    expect(world.inUse()).toBe(0)
  })

  it('when every account is rate limited for longer than one waits the client is told when to come back', async () => {
    const world = createRealWorld()
    world.upstream.answer = exchange => exchange.json(429, {}, [['retry-after', '50']])
    const first = await world.post(ask)
    await first.done
    expect([first.status, first.error.code]).toEqual([429, 'rate_limit_exceeded'])
    const second = await world.post(ask)
    await second.done
    expect([second.status, second.error.code]).toEqual([429, 'accounts_rate_limited'])
    expect(Number(second.header('retry-after'))).toBeGreaterThan(45)
    expect(world.upstream.exchanges).toHaveLength(2)
  })

  it('a full pool queues, refuses beyond the queue, and gives up in time', async () => {
    const world = createRealWorld({ accounts: [{ id: 'a', concurrency: 1 }] } as never)
    const running = await world.post(ask)
    const waiting = await world.post(ask)
    const refused = await world.post(ask)
    await refused.done
    expect([refused.status, refused.error.code]).toEqual([429, 'queue_full'])
    expect(refused.header('retry-after')).toBeDefined()
    expect(waiting.begun).toBe(false)
    world.clock.advance(30_000)
    await waiting.done
    expect([waiting.status, waiting.error.code]).toEqual([503, 'queue_timeout'])
    world.upstream.last.json(200, {})
    await running.done
    expect(world.inUse()).toBe(0)
    expect(world.upstream.exchanges).toHaveLength(1)
  })

  it('a conversation stays where it is stored, and is invisible to another tenant', async () => {
    const world = createRealWorld()
    const first = await world.post(ask)
    const home = world.upstream.last.account
    world.upstream.last.json(200, { id: 'resp_1' })
    await first.done
    for (let i = 0; i < 8; i++) {
      const next = await world.post({ ...ask, previous_response_id: 'resp_1' })
      expect(world.upstream.last.account).toBe(home)
      world.upstream.last.json(200, { id: `resp_2${i}` })
      await next.done
    }
    const sent = world.upstream.exchanges.length
    const foreign = await world.post({ ...ask, previous_response_id: 'resp_1' }, { key: keyB })
    const unknown = await world.post({ ...ask, previous_response_id: 'resp_x' })
    await Promise.all([foreign.done, unknown.done])
    expect(foreign.status).toBe(400)
    expect(foreign.error).toEqual(unknown.error)
    const got = await world.call('GET', '/v1/responses/resp_1')
    expect(world.upstream.last.account).toBe(home)
    world.upstream.last.json(200, { id: 'resp_1' })
    await got.done
    const deleted = await world.call('DELETE', '/v1/responses/resp_1')
    world.upstream.last.json(200, { deleted: true })
    await deleted.done
    const gone = await world.post({ ...ask, previous_response_id: 'resp_1' })
    await gone.done
    expect(gone.error.code).toBe('previous_response_not_found')
    expect(world.upstream.exchanges.length).toBe(sent + 2)
  })

  it('a session comes back to its account', async () => {
    const world = createRealWorld({ accounts: ['a', 'b', 'c', 'd'].map(id => ({ id })) })
    const homes = new Set<string>()
    for (let i = 0; i < 10; i++) {
      const client = await world.post({ ...ask, prompt_cache_key: 'thread-1' })
      homes.add(world.upstream.last.account)
      world.upstream.last.json(200, {})
      await client.done
    }
    expect(homes.size).toBe(1)
  })

  it('a failure before the model began is tried elsewhere, and counted once', async () => {
    const world = createRealWorld()
    const { created, delta, completed, failed } = responseEvents('resp_1')
    const client = await world.post({ ...ask, stream: true })
    const first = world.upstream.last.account
    world.upstream.last.stream(created, failed('server_error'))
    await calm()
    expect(world.upstream.last.account).not.toBe(first)
    world.upstream.last.stream(created, delta, completed).end()
    await client.done
    expect(client.text).toBe(created + delta + completed)
    expect(world.records[0]!.attempts.map(({ outcome }) => outcome)).toEqual(['server_error', 'ok'])
    expect(world.records[0]!.layer).toBe('load_balance')
    expect(world.inUse()).toBe(0)
  })

  it('says when to come back, and why, by the accounts that serve the model', async () => {
    const rules = (pattern: string) => [pattern]
    const world = createRealWorld({
      accounts: [
        { id: 'a', models: rules('gpt') },
        { id: 'b', models: rules('other') },
      ],
    })
    world.upstream.answer = exchange =>
      exchange.account === 'a'
        ? exchange.json(429, { error: { code: 'rate_limit_exceeded' } }, [['retry-after', '60']])
        : exchange.json(503, { error: { code: 'server_is_overloaded' } }, [['retry-after', '40']])
    const first = await world.post({ model: 'gpt', input: 'x' })
    await first.done
    expect([first.status, first.error.code, first.header('retry-after')]).toEqual([
      429,
      'rate_limit_exceeded',
      '60',
    ])
    await (await world.post({ model: 'other', input: 'x' })).done
    const refused = await world.post({ model: 'gpt', input: 'x' })
    await refused.done
    expect([refused.status, refused.error.code]).toEqual([429, 'accounts_rate_limited'])
    const other = await world.post({ model: 'other', input: 'x' })
    await other.done
    expect([other.status, other.error.code]).toEqual([503, 'accounts_cooling_down'])
    const unnamed = createRealWorld({
      accounts: [
        { id: 'a', models: rules('gpt') },
        { id: 'b', models: rules('other') },
      ],
    })
    unnamed.upstream.answer = exchange => exchange.json(429, { error: { code: 'rate_limit_exceeded' } })
    const limited = await unnamed.post({ model: 'gpt', input: 'x' })
    await limited.done
    // Account b is free, which says nothing to who asks for a model that only a serves.
    expect(Number(limited.header('retry-after'))).toBeGreaterThan(0)
  })

  it('a draining scheduler takes nothing new and says so', async () => {
    const world = createRealWorld()
    const running = await world.post(ask)
    world.scheduler.drain()
    const late = await world.post(ask)
    await late.done
    expect([late.status, late.error.code]).toEqual([503, 'draining'])
    world.upstream.last.json(200, { id: 'resp_1' })
    await running.done
    expect(running.status).toBe(200)
  })

  it('no slot is left in use, whatever many clients and upstreams do', async () => {
    type Act = (exchange: FakeExchange, client: FakeClient) => void
    const { created, delta, completed, failed } = responseEvents('resp_1')
    const acts = fc.constantFrom<Act>(
      exchange => exchange.stream(created, delta, completed).end(),
      exchange => exchange.stream(created, delta).fault({ kind: 'closed', detail: '' }),
      exchange => exchange.stream(created, failed('server_error')).end(),
      exchange => exchange.json(200, { id: 'resp_1' }),
      exchange => exchange.json(503, overloaded),
      exchange => exchange.json(401, {}),
      exchange => exchange.fault({ kind: 'connect', detail: '' }, { requestSent: false }),
      (_, client) => client.leave(),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { minLength: 1, maxLength: 12 }), async steps => {
        const world = createRealWorld({
          accounts: [
            { id: 'a', concurrency: 1 },
            { id: 'b', concurrency: 1 },
          ],
        } as never)
        const clients: (FakeClient & { done: Promise<void> })[] = []
        for (const act of steps) {
          clients.push(await world.post({ ...ask, stream: true }))
          expect(world.inUse()).toBeLessThanOrEqual(2)
          const running = world.upstream.exchanges.find(({ state }) => state === 'running')
          if (running !== undefined) act(running, clients[0]!)
          await calm()
        }
        for (const client of clients) client.leave()
        await Promise.all(clients.map(client => client.done))
        expect(world.inUse()).toBe(0)
        expect(world.scheduler.queueDepth).toBe(0)
        expect(world.failures).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
