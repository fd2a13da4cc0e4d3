import { describe, expect, it } from 'vitest'
import { adaptiveProfile, type ScheduleRequest } from '../../src/index.ts'
import { ask, createWorld, settled, type World } from '../engine/world.ts'

const pool = (n: number, options: Partial<Parameters<typeof createWorld>[0]> = {}) =>
  createWorld({
    accounts: Array.from({ length: n }, (_, i) => ({ id: `a${i}`, concurrency: 2 })),
    profile: adaptiveProfile(),
    ...options,
  })

/** A request that only this account can serve. */
const only = (world: World, id: string) => ({
  model: 'm',
  inputTokens: 1_000,
  excluded: new Set(
    world.accounts
      .list()
      .map(account => account.id)
      .filter(other => other !== id),
  ),
})

const costAt = async (world: World, id: string) => {
  const lease = await world.scheduler.acquire({ model: 'm', inputTokens: 1_000 })
  lease[Symbol.dispose]()
  return -lease.decision!.rows.find(({ account }) => account === id)!.score
}

describe('what an account was learned to be', () => {
  it('is not what another credential under its name is: not by an old request that ends, nor by one that is late', async () => {
    const world = pool(2)
    const ending = await world.scheduler.acquire(only(world, 'a0'))
    const late = await world.scheduler.acquire(only(world, 'a0'))
    world.change('a0', { revision: 'two' })
    world.clock.advance(60_000)
    ending.settle({ outcome: { kind: 'client_abort' } })
    late.firstToken()
    late.settle({ outcome: { kind: 'ok' } })
    expect(await costAt(world, 'a0')).toBeCloseTo(await costAt(world, 'a1'), 6)
  })

  it('is not bent by figures that no prompt can have', async () => {
    const world = pool(2)
    for (const tokens of [1e12, 1e300, Number.MAX_VALUE]) {
      const request = { model: 'm', session: 's', inputTokens: tokens, estimatedTokens: tokens }
      const lease = await world.scheduler.acquire(request)
      expect(Number.isFinite(lease.expectedFirstTokenMs)).toBe(true)
      world.clock.advance(100)
      lease.firstToken()
      const usage = { inputTokens: tokens, cachedTokens: 0, outputTokens: Number.NaN }
      lease.settle({ outcome: { kind: 'ok' }, usage })
    }
    const next = await world.scheduler.acquire({ model: 'm', session: 's', inputTokens: 1_000 })
    for (const { score, terms } of next.decision!.rows) {
      expect(Number.isFinite(score)).toBe(true)
      expect(terms.every(term => Number.isFinite(term))).toBe(true)
    }
    expect(next.expectedFirstTokenMs).toBeLessThan(2_000)
  })

  /** Serves one request there that puts out 100 tokens in a minute; `told`: with its first token after half a second. */
  const serve = async (world: World, id: string, told: boolean) => {
    const lease = await world.scheduler.acquire(only(world, id))
    world.clock.advance(500)
    if (told) lease.firstToken()
    world.clock.advance(59_500)
    const usage = { inputTokens: 1_000, cachedTokens: 0, outputTokens: 100 }
    lease.settle({ outcome: { kind: 'ok' }, usage })
  }

  it.each([
    ['is not that it is sick because nobody ever tells of first tokens', false],
    ['is that it is sick when first tokens are told, but not of what it is asked now', true],
  ])('%s', async (_, told) => {
    const world = pool(2)
    for (let i = 0; i < 40; i++) for (const id of ['a0', 'a1']) await serve(world, id, told)
    const silent = [
      await world.scheduler.acquire(only(world, 'a0')),
      await world.scheduler.acquire(only(world, 'a0')),
    ]
    world.clock.advance(30_000)
    const other = await world.scheduler.acquire(only(world, 'a1'))
    silent[0]![Symbol.dispose]()
    const ratio = (await costAt(world, 'a0')) / (await costAt(world, 'a1'))
    if (told) expect(ratio).toBeGreaterThan(3)
    else expect(ratio).toBeLessThan(1.5)
    for (const lease of [silent[1]!, other]) lease[Symbol.dispose]()
  })

  it('is not that slots come free at once because attempts failed at once', async () => {
    const shed = async (failures: number): Promise<number> => {
      const world = pool(1)
      const held = async (ms: number, kind: 'ok' | 'client_error' | 'server_error') => {
        const lease = await world.scheduler.acquire({ model: 'm' })
        world.clock.advance(ms)
        lease.settle({ outcome: { kind } })
      }
      for (let i = 0; i < 8; i++) {
        await held(20_000, 'ok')
        for (let n = 0; n < failures; n++) await held(10, 'server_error')
      }
      for (let i = 0; i < 2; i++) await world.scheduler.acquire({ model: 'm' })
      const waiting = [1, 2, 3, 4, 5].map(() => ask(world.scheduler, { model: 'm' }))
      await settled()
      return Number(/takes (\d+) ms/.exec(waiting[4]!.error!.message)![1])
    }
    expect(await shed(2)).toBe(await shed(0))
  })

  it('is not that slots are held for hours because one stream was', async () => {
    const world = pool(1)
    for (let i = 0; i < 8; i++) {
      const short = await world.scheduler.acquire({ model: 'm' })
      world.clock.advance(6_000)
      short.settle({ outcome: { kind: 'ok' } })
    }
    const stream = await world.scheduler.acquire({ model: 'm' })
    world.clock.advance(24 * 3_600_000)
    stream.settle({ outcome: { kind: 'ok' } })
    const held = await Promise.all([1, 2].map(() => world.scheduler.acquire({ model: 'm' })))
    const waiting = [1, 2, 3, 4, 5].map(() => ask(world.scheduler, { model: 'm' }))
    await settled()
    const told = /takes (\d+) ms/.exec(waiting[4]!.error!.message)
    expect(Number(told![1])).toBeLessThan(30_000)
    for (const lease of held) lease[Symbol.dispose]()
  })
})

describe('a prompt of which no size is told', () => {
  /** The line's price of a prompt: what an idle account without a cache would cost. */
  const priceOf = async (request: ScheduleRequest) => {
    const world = pool(2)
    const usage = { inputTokens: 30_000, cachedTokens: 0, outputTokens: 500 }
    const turn = await world.scheduler.acquire({ ...only(world, 'a0'), inputTokens: 30_000, session: 's' })
    world.clock.advance(4_000)
    turn.firstToken()
    turn.settle({ outcome: { kind: 'ok' }, usage })
    const lease = await world.scheduler.acquire({ ...request, excluded: new Set(['a0']) })
    return lease.expectedFirstTokenMs!
  }

  it('is as large as its session was the last time, or what it reserves, and else as prompts are on average', async () => {
    const told = (inputTokens: number) => priceOf({ model: 'm', inputTokens })
    expect(await priceOf({ model: 'm', session: 's' })).toBe(await told(30_500))
    expect(await priceOf({ model: 'm', session: 's', estimatedTokens: 40_000 })).toBe(await told(40_000))
    expect(await priceOf({ model: 'm' })).toBe(await told(15_500))
  })

  it('goes where its session is warm, as one does whose size is told', async () => {
    const world = pool(2)
    const usage = { inputTokens: 30_000, cachedTokens: 0, outputTokens: 500 }
    const turn = await world.scheduler.acquire({ ...only(world, 'a1'), session: 's' })
    world.clock.advance(4_000)
    turn.firstToken()
    turn.settle({ outcome: { kind: 'ok' }, usage })
    const busy = await world.scheduler.acquire({ ...only(world, 'a1') })
    const next = await world.scheduler.acquire({ model: 'm', session: 's' })
    expect(next.account.id).toBe('a1')
    for (const lease of [busy, next]) lease[Symbol.dispose]()
  })
})

describe('a warm session', () => {
  it('that waited for its account counts as a hit once it has its slot', async () => {
    const world = pool(1)
    const request = { model: 'm', session: 's', inputTokens: 10_000 }
    const first = await world.scheduler.acquire(request)
    first.firstToken()
    first.settle({ outcome: { kind: 'ok' } })
    const held = await Promise.all([1, 2].map(() => world.scheduler.acquire({ model: 'm' })))
    const waiting = ask(world.scheduler, request)
    await settled()
    expect(world.scheduler.metrics().stickySessionHitTotal).toBe(0)
    held[0]!.settle({ outcome: { kind: 'ok' } })
    await settled()
    expect(waiting.lease!.decision!.stickySessionHit).toBe(true)
    expect(world.scheduler.metrics().stickySessionHitTotal).toBe(1)
  })

  it.each([
    ['at once', false],
    ['later', true],
  ])(
    'that finds its best account full goes to the next warm one, over a store that answers %s',
    async (_, isLate) => {
      const world = pool(12, {
        profile: adaptiveProfile({ topK: 1 }),
        ...(isLate ? { later: () => Promise.resolve(), batchSize: 1 } : {}),
      })
      const serve = async (id: string, session: object) => {
        const lease = await world.scheduler.acquire({ ...only(world, id), inputTokens: 20_000, ...session })
        world.clock.advance(2_500)
        lease.firstToken()
        lease.settle({ outcome: { kind: 'ok' } })
      }
      // Others have served more than the second warm one: nothing but its cache speaks for it.
      for (const id of ['a0', 'a0', 'a1', 'a1', 'a5']) await serve(id, {})
      for (const id of ['a5', 'a7']) await serve(id, { session: 's' })
      // By requests of other schedulers, of which the columns here know nothing yet.
      for (const id of ['a5', 'a5']) world.slots.occupy(id)
      const lease = await world.scheduler.acquire({ model: 'm', session: 's', inputTokens: 20_000 })
      expect(lease.decision!.attempts).toEqual([
        { account: 'a5', result: 'full', by: 'draw' },
        { account: 'a7', result: 'granted', by: 'rank' },
      ])
    },
  )
})
