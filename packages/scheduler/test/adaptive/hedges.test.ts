import { describe, expect, it } from 'vitest'
import { adaptiveProfile } from '../../src/index.ts'
import { createWorld, type World } from '../engine/world.ts'

const pool = (n: number) =>
  createWorld({
    accounts: Array.from({ length: n }, (_, i) => ({ id: `a${i}`, concurrency: 8 })),
    profile: adaptiveProfile(),
  })

type Request = Parameters<World['scheduler']['acquire']>[0]

const session: Request = { model: 'm', session: 's', inputTokens: 20_000 }

async function serve(world: World, request: Request, ttftMs = 500): Promise<string> {
  const lease = await world.scheduler.acquire(request)
  world.clock.advance(ttftMs)
  lease.firstToken()
  lease.settle({ outcome: { kind: 'ok' } })
  return lease.account.id
}

/** A request that is given up after so long without a first token, for another attempt was faster. */
async function giveUp(world: World, request: Request, afterMs: number): Promise<void> {
  const lease = await world.scheduler.acquire(request)
  world.clock.advance(afterMs)
  lease[Symbol.dispose]()
}

const only = (world: World, id: string): Request => {
  const others = world.accounts.list().filter(account => account.id !== id)
  return { model: 'm', inputTokens: 1_000, excluded: new Set(others.map(account => account.id)) }
}

describe('a second attempt beside one that is under way', () => {
  it('goes to where its session is warm as well', async () => {
    const world = pool(6)
    const first = await serve(world, session)
    const second = await serve(world, { ...session, excluded: new Set([first]) })
    for (let i = 0; i < 5; i++) {
      const excluded = new Set([first])
      const lease = await world.scheduler.acquire({ ...session, hedge: true, excluded })
      expect(lease.account.id).toBe(second)
      lease[Symbol.dispose]()
    }
  })

  it('binds no session, whether it was bound before or not', async () => {
    const world = pool(6)
    await serve(world, { ...session, hedge: true })
    expect(world.bindings.size).toBe(0)
    const bound = await serve(world, session)
    const excluded = new Set([bound])
    await serve(world, { ...session, hedge: true, excluded })
    const again = createWorld({
      accounts: world.accounts.list(),
      profile: adaptiveProfile(),
      clock: world.clock,
      wrapBindings: () => world.bindings,
    })
    expect(await serve(again, session)).toBe(bound)
  })

  it('makes its account warm for the next turn when it answers', async () => {
    const world = pool(6)
    const first = await serve(world, session)
    const hedge = await serve(world, { ...session, hedge: true, excluded: new Set([first]) })
    world.change(first, 'remove')
    expect(await serve(world, session)).toBe(hedge)
  })
})

describe('an attempt that was given up for a faster one', () => {
  it('tells as much of a brown-out as if it had been waited for', async () => {
    const world = pool(2)
    for (let i = 0; i < 5; i++) for (const id of ['a0', 'a1']) await serve(world, only(world, id))
    for (let i = 0; i < 3; i++) await giveUp(world, only(world, 'a0'), 2_000)
    const lease = await world.scheduler.acquire(only(world, 'a0'))
    // Each had waited for some three times what was expected, and would have waited longer.
    expect(lease.likelyFirstTokenMs! / lease.expectedFirstTokenMs!).toBeGreaterThan(2.5)
  })

  it('says nothing where it was given up before it was late', async () => {
    const world = pool(2)
    for (let i = 0; i < 5; i++) await serve(world, only(world, 'a0'))
    for (let i = 0; i < 3; i++) await giveUp(world, only(world, 'a0'), 100)
    const lease = await world.scheduler.acquire(only(world, 'a0'))
    expect(lease.likelyFirstTokenMs! / lease.expectedFirstTokenMs!).toBeLessThan(1.1)
  })
})

it('an account that is always a little slower is expected to be, and is not late for it', async () => {
  const world = pool(2)
  for (let i = 0; i < 30; i++) {
    await serve(world, only(world, 'a0'), 900)
    await serve(world, only(world, 'a1'), 500)
  }
  const [slow, quick] = await Promise.all(
    [only(world, 'a0'), only(world, 'a1')].map(r => world.scheduler.acquire(r)),
  )
  expect(slow!.expectedFirstTokenMs! / quick!.expectedFirstTokenMs!).toBeGreaterThan(1.3)
})
