import { describe, expect, it } from 'vitest'
import { adaptiveProfile, balancedProfile, classicProfile, type HealthNotice } from '../../src/index.ts'
import { createRefusals, MAX_REFUSALS } from '../../src/limits/refusals.ts'
import { createMemoryHealth } from '../../src/memory/index.ts'
import { ask, createGate, createWorld, settled, type World, type WorldOptions } from './world.ts'

const one = [{ id: 'a' }]
const two = [{ id: 'a' }, { id: 'b' }]
const world = (options: WorldOptions) => createWorld({ profile: adaptiveProfile(), ...options })

/** A request at an account that is refused for its rate limit, for so long. */
async function refuse({ scheduler, clock }: World, id: string, model = 'm', forMs = 60_000) {
  const excluded = new Set(scheduler.accounts().map(({ account }) => account))
  excluded.delete(id)
  const lease = await scheduler.acquire({ model, excluded })
  lease.settle({ outcome: { kind: 'rate_limited', untilMs: clock.wallMs() + forMs } })
}

async function servedBy({ scheduler }: World, model: string): Promise<string | undefined> {
  const asked = ask(scheduler, { model })
  await settled()
  const id = asked.lease?.account.id
  asked.lease?.[Symbol.dispose]()
  return id
}

describe('a model that was refused for a rate limit', () => {
  it.each([adaptiveProfile, balancedProfile])(
    'is not asked for there until the instant, and others are',
    async profile => {
      const pool = world({ accounts: two, profile: profile() })
      await refuse(pool, 'a')
      for (let i = 0; i < 10; i++) expect(await servedBy(pool, 'm')).toBe('b')
      const others = await Promise.all(Array.from({ length: 10 }, () => servedBy(pool, 'n')))
      expect(others).toContain('a')
      pool.clock.advance(60_000)
      const later = await Promise.all(Array.from({ length: 20 }, () => servedBy(pool, 'm')))
      expect(later).toContain('a')
    },
  )

  it('wakes who waits for it at that instant, without anyone asking', async () => {
    const pool = world({ accounts: one })
    await refuse(pool, 'a', 'm', 3_000)
    const waiting = ask(pool.scheduler, { model: 'm' })
    pool.clock.advance(2_999)
    await settled()
    expect(waiting.lease).toBeUndefined()
    pool.clock.advance(1)
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('is refused with the time when nobody has it sooner than one may wait', async () => {
    const pool = world({ accounts: two })
    await refuse(pool, 'a', 'm', 50_000)
    await refuse(pool, 'b', 'm', 40_000)
    await expect(pool.scheduler.acquire({ model: 'm' })).rejects.toMatchObject({
      code: 'cooling_down',
      retryAfterMs: 40_000,
    })
  })

  it('rests until the latest of several instants, whatever else succeeds', async () => {
    const pool = world({ accounts: one })
    const early = await pool.scheduler.acquire({ model: 'm' })
    const [longer, shorter] = [
      await pool.scheduler.acquire({ model: 'm' }),
      await pool.scheduler.acquire({ model: 'm' }),
    ]
    const until = (ms: number) =>
      ({ outcome: { kind: 'rate_limited', untilMs: pool.clock.wallMs() + ms } }) as const
    longer.settle(until(20_000))
    shorter.settle(until(10_000))
    early.settle({ outcome: { kind: 'ok' } })
    expect(pool.scheduler.limits('a')).toEqual([
      { model: 'm', requests: undefined, tokens: undefined, refusedForMs: 20_000 },
    ])
    pool.clock.advance(19_999)
    expect(await servedBy(pool, 'm')).toBeUndefined()
  })

  it('is one upstream model by all its names, and in all accounts of the limit domain', async () => {
    const models = { m: 'upstream', alias: 'upstream', n: 'other' }
    const pool = world({
      accounts: [
        { id: 'a', models, limitDomain: 'project' },
        { id: 'b', models, limitDomain: 'project' },
        { id: 'c', models },
      ],
    })
    await refuse(pool, 'a')
    for (let i = 0; i < 5; i++) expect(await servedBy(pool, 'alias')).toBe('c')
    expect(pool.scheduler.limits('b')).toMatchObject([{ model: 'upstream', refusedForMs: 60_000 }])
  })

  it('is told as a change of that model, and forgotten by an operator’s reset', async () => {
    const pool = world({ accounts: one })
    await refuse(pool, 'a')
    const change = { account: 'a', model: 'm', reason: 'rate_limited', from: 'active', to: 'cooling_down' }
    expect(pool.scheduler.accountEvents()).toMatchObject([change])
    expect(pool.scheduler.accounts()[0]!.state).toBe('active')
    pool.scheduler.operate('a', 'reset')
    expect(pool.scheduler.accountEvents()[0]).toMatchObject({ model: 'm', to: 'active', reason: 'reset' })
    expect(await servedBy(pool, 'm')).toBe('a')
  })

  it('is asked for again once another credential stands behind the account', async () => {
    const pool = world({ accounts: [{ id: 'a', revision: 'one' }] })
    await refuse(pool, 'a')
    pool.change('a', { revision: 'two' })
    expect(await servedBy(pool, 'm')).toBe('a')
  })

  it('leaves the probe of an account that is coming back to the next request', async () => {
    const pool = world({ accounts: two })
    for (let i = 0; i < 3; i++) {
      const lease = await pool.scheduler.acquire({ model: 'm', excluded: new Set(['b']) })
      lease.settle({ outcome: { kind: 'transport_error' } })
    }
    pool.clock.advance(5_000)
    const probe = await pool.scheduler.acquire({ model: 'm' })
    expect(probe.account.id).toBe('a')
    probe.settle({ outcome: { kind: 'rate_limited' } })
    expect(await servedBy(pool, 'm')).toBe('b')
    expect(await servedBy(pool, 'n')).toBe('a')
  })

  it('is not asked for with a slot that a store grants after the refusal', async () => {
    const gate = createGate()
    const pool = world({ accounts: two, later: gate.pass })
    const only = { model: 'm', excluded: new Set(['b']) }
    const first = ask(pool.scheduler, only)
    await gate.openAll()
    const second = ask(pool.scheduler, only)
    await settled()
    first.lease!.settle({ outcome: { kind: 'rate_limited', untilMs: pool.clock.wallMs() + 3_000 } })
    await gate.openAll()
    expect(second.lease).toBeUndefined()
    pool.clock.advance(3_000)
    await gate.openAll()
    expect(second.lease?.account.id).toBe('a')
    expect([pool.slots.held, pool.slots.violations]).toEqual([1, []])
  })

  it('is the whole account’s rest where no model is named, or limits are not minded', async () => {
    const unnamed = world({ accounts: one })
    await refuse(unnamed, 'a', '')
    const classic = world({ accounts: one, profile: classicProfile() })
    await refuse(classic, 'a')
    for (const { scheduler } of [unnamed, classic])
      expect(scheduler.accounts()[0]).toMatchObject({ state: 'cooling_down', reason: 'rate_limited' })
  })

  it('is told to other schedulers, which leave that model alone and nothing else', async () => {
    const health = createMemoryHealth()
    const heard: HealthNotice[] = []
    health.peer().subscribe(notice => heard.push(notice))
    const here = world({ accounts: one, health: health.peer() })
    const there = world({ accounts: two, health: health.peer() })
    const classic = world({ accounts: one, health: health.peer(), profile: classicProfile() })
    await refuse(here, 'a')
    expect(heard).toMatchObject([{ kind: 'cool_down', account: 'a', reason: 'rate_limited', model: 'm' }])
    for (let i = 0; i < 10; i++) expect(await servedBy(there, 'm')).toBe('b')
    const others = await Promise.all(Array.from({ length: 10 }, () => servedBy(there, 'n')))
    expect(others).toContain('a')
    expect(classic.scheduler.accounts()[0]!.state).toBe('cooling_down')
  })
})

it('is remembered of so many models, of which the oldest is forgotten', () => {
  const refusals = createRefusals({ began: () => {}, ended: () => {} })
  const account = { id: 'a', order: 0 }
  for (let i = 0; i <= MAX_REFUSALS; i++) refusals.add(account, `m${i}`, 1_000 + i)
  expect(refusals.of(account)).toHaveLength(MAX_REFUSALS)
  expect([refusals.freeAtMs(account, 'm0'), refusals.freeAtMs(account, 'm1')]).toEqual([0, 1_001])
  refusals.tick(1_000 + MAX_REFUSALS)
  expect([refusals.known, refusals.nextDueMs]).toEqual([false, Number.POSITIVE_INFINITY])
})
