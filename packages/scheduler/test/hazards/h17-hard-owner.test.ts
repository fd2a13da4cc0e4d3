import { describe, expect, it } from 'vitest'
import { balancedProfile, classicProfile, loadAwareProfile, type ScheduleRequest } from '../../src/index.ts'
import { ask, createWorld, settled, type World } from '../engine/world.ts'

const accounts = [
  { id: 'owner', concurrency: 1, models: ['m'] },
  { id: 'b', supportsWebSocket: true },
  { id: 'c', supportsWebSocket: true },
]
const request: ScheduleRequest = { model: 'm', owners: ['resp_1'] }
const far = Number.MAX_SAFE_INTEGER / 2

async function ownedWorld(profile: ReturnType<typeof balancedProfile>): Promise<World> {
  const world = createWorld({ profile, accounts })
  await world.scheduler.bind({}, ['resp_1'], 'owner')
  return world
}

/** Whatever becomes of it, nothing outside the owner's domain was asked for a slot. */
async function outcomeOf({ scheduler, slots }: World, what: ScheduleRequest) {
  const asked = ask(scheduler, what)
  await settled()
  expect(slots.asked.filter(id => id !== 'owner')).toEqual([])
  return asked
}

describe.each([balancedProfile(), classicProfile(), loadAwareProfile()])(
  'a request with an owner never falls to load balancing ($name)',
  profile => {
    it('served: only ever by the owner, however often', async () => {
      const world = await ownedWorld(profile)
      for (let i = 0; i < 50; i++) {
        const asked = await outcomeOf(world, request)
        expect(asked.lease?.account.id).toBe('owner')
        asked.lease![Symbol.dispose]()
      }
    })

    it('kept for as long as it is used', async () => {
      const world = await ownedWorld(profile)
      const life = profile.ownerTtlMs
      for (let i = 0; i < 3; i++) {
        world.clock.advance(0.9 * life)
        expect((await world.scheduler.locate({ owners: ['resp_1'] })).kind).toBe('located')
      }
      world.clock.advance(1.1 * life)
      expect((await world.scheduler.locate({ owners: ['resp_1'] })).kind).toBe('none')
    })

    it('unknown: owner_unknown', async () => {
      const asked = await outcomeOf(await ownedWorld(profile), { ...request, owners: ['resp_2'] })
      expect(asked.error?.code).toBe('owner_unknown')
    })

    it('two owners of different domains: conflicting_owners', async () => {
      const world = await ownedWorld(profile)
      await world.scheduler.bind({}, ['conv_1'], 'b')
      const asked = await outcomeOf(world, { ...request, owners: ['resp_1', 'conv_1'] })
      expect(asked.error?.code).toBe('conflicting_owners')
    })

    it('gone: owner_gone', async () => {
      const world = await ownedWorld(profile)
      world.change('owner', 'remove')
      expect((await outcomeOf(world, request)).error?.code).toBe('owner_gone')
    })

    it.each([
      { status: 'disabled' },
      { status: 'error' },
      { schedulable: false },
      { expiresAtMs: 1 },
    ] as const)('switched off by %o: owner_gone', async change => {
      const world = await ownedWorld(profile)
      world.change('owner', change)
      expect((await outcomeOf(world, request)).error?.code).toBe('owner_gone')
    })

    it('model unsupported there: owner_gone, for it will never be able to', async () => {
      const asked = await outcomeOf(await ownedWorld(profile), { ...request, model: 'other' })
      expect(asked.error?.code).toBe('owner_gone')
    })

    it('transport unsupported there: owner_gone', async () => {
      const world = await ownedWorld(profile)
      const asked = await outcomeOf(world, { ...request, transport: 'responses_websockets_v2' })
      expect(asked.error?.code).toBe('owner_gone')
    })

    it('excluded, since it failed there: owner_unavailable, without an endless Retry-After', async () => {
      const world = await ownedWorld(profile)
      const { error } = await outcomeOf(world, { ...request, excluded: new Set(['owner']) })
      expect(error?.code).toBe('owner_unavailable')
      expect(error?.retryAfterMs ?? 0).toBeLessThan(Number.POSITIVE_INFINITY)
    })

    it('cooling down for long: owner_unavailable, with the time it takes', async () => {
      const world = await ownedWorld(profile)
      world.change('owner', { rateLimitedUntilMs: world.clock.wallMs() + 60_000 })
      const asked = await outcomeOf(world, request)
      expect(asked.error).toMatchObject({ code: 'owner_unavailable', retryAfterMs: 60_000 })
    })

    it('cooling down for a moment: waits, and is served by the owner', async () => {
      const world = await ownedWorld(profile)
      world.change('owner', { rateLimitedUntilMs: world.clock.wallMs() + 2_000 })
      const asked = await outcomeOf(world, request)
      expect(asked.error).toBeUndefined()
      world.clock.advance(2_000)
      await settled()
      expect(asked.lease?.account.id).toBe('owner')
    })

    it('full: waits 45 s at most, then owner_unavailable', async () => {
      const world = await ownedWorld(profile)
      using _lease = await world.scheduler.acquire(request)
      const asked = await outcomeOf(world, request)
      world.clock.advance(44_999)
      await settled()
      expect(asked.error).toBeUndefined()
      world.clock.advance(1)
      await settled()
      expect(asked.error?.code).toBe('owner_unavailable')
      expect(asked.error?.retryAfterMs).toBeGreaterThan(0)
    })

    it('gone while it waits: owner_gone', async () => {
      const world = await ownedWorld(profile)
      using _lease = await world.scheduler.acquire(request)
      const asked = await outcomeOf(world, request)
      world.change('owner', 'remove')
      await settled()
      expect(asked.error?.code).toBe('owner_gone')
    })

    it('draining: served, for its state lives there; new work is not', async () => {
      const world = await ownedWorld(profile)
      world.change('owner', { status: 'draining' })
      const asked = await outcomeOf(world, request)
      expect(asked.lease?.account.id).toBe('owner')
      for (let i = 0; i < 10; i++) {
        using lease = await world.scheduler.acquire({ model: 'm' })
        expect(lease.account.id).not.toBe('owner')
      }
    })

    it('in a session that is warm elsewhere: the owner is the stronger', async () => {
      const world = await ownedWorld(profile)
      const warm = await world.scheduler.acquire({ model: 'm', session: 's', excluded: new Set(['owner']) })
      expect(warm.account.id).not.toBe('owner')
      world.slots.asked.length = 0
      const asked = await outcomeOf(world, { ...request, session: 's' })
      expect(asked.lease?.account.id).toBe('owner')
    })

    it('in a large pool, too, which has an index', async () => {
      const many = Array.from({ length: 300 }, (_, i) => ({ id: `n${i}` }))
      const { scheduler } = createWorld({ profile, accounts: many })
      await scheduler.bind({}, ['resp_1'], 'n123')
      for (let i = 0; i < 20; i++) {
        using lease = await scheduler.acquire(request)
        expect(lease.account.id).toBe('n123')
      }
    })
  },
)

describe('an ejected owner', () => {
  it('is waited for: the next request is its probe', async () => {
    const world = await ownedWorld(balancedProfile())
    for (let i = 0; i < 3; i++) {
      const lease = await world.scheduler.acquire(request)
      lease.settle({ outcome: { kind: 'server_error' } })
    }
    const asked = await outcomeOf(world, request)
    expect(asked.error).toBeUndefined()
    world.clock.advance(5_000)
    await settled()
    expect(asked.lease?.account.id).toBe('owner')
  })
})

describe('a domain of several accounts', () => {
  it('serves by any of them, and by no other', async () => {
    const world = createWorld({
      accounts: [
        { id: 'p1', stateDomain: 'project', concurrency: 1 },
        { id: 'p2', stateDomain: 'project', concurrency: 1 },
        { id: 'other' },
      ],
    })
    const first = await world.scheduler.acquire({ model: 'm', excluded: new Set(['other']) })
    await first.bind(['resp_1', 'conv_1'])
    using second = await world.scheduler.acquire({ model: 'm', owners: ['resp_1', 'conv_1'] })
    expect([first.account.id, second.account.id].sort()).toEqual(['p1', 'p2'])
    const third = ask(world.scheduler, { model: 'm', owners: ['resp_1'] })
    await settled()
    expect(third.lease).toBeUndefined()
    first[Symbol.dispose]()
    await settled()
    expect(third.lease?.account.id).toBe(first.account.id)
  })
})

describe('locate', () => {
  it('finds the account of a domain without a slot, and says why where it cannot', async () => {
    const world = await ownedWorld(balancedProfile())
    const { scheduler } = world
    using _busy = await scheduler.acquire(request)
    world.slots.asked.length = 0
    expect(await scheduler.locate(request)).toEqual({ kind: 'located', account: 'owner', domain: 'owner' })
    expect(await scheduler.locate({ owners: [] })).toMatchObject({ reason: 'owner_unknown' })
    world.change('owner', { overloadedUntilMs: world.clock.wallMs() + 1_500 })
    expect(await scheduler.locate(request)).toEqual({
      kind: 'none',
      reason: 'owner_unavailable',
      retryAfterMs: 1_500,
    })
    world.change('owner', { overloadedUntilMs: far, status: 'disabled' })
    expect(await scheduler.locate(request)).toMatchObject({ reason: 'owner_gone' })
    expect(world.slots.asked).toEqual([])
  })
})
