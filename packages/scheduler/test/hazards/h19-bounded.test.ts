import { describe, expect, it } from 'vitest'
import { balancedProfile, classicProfile, createScheduler, type Random } from '../../src/index.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
} from '../../src/memory/index.ts'
import { ask, createGate, createWorld, settled } from '../engine/world.ts'

describe('statistics', () => {
  it('are kept for accounts only, and leave with them', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }, { id: 'b' }] })
    const { scheduler } = world
    for (let i = 0; i < 5_000; i++) scheduler.report(`stranger-${i}`, { success: false, firstTokenMs: 1 })
    expect(scheduler.metrics().runtimeStatsAccountCount).toBe(0)
    scheduler.report('a', { success: false, firstTokenMs: 100 })
    expect(scheduler.metrics().runtimeStatsAccountCount).toBe(1)
    world.change('a', 'remove')
    expect(scheduler.metrics().runtimeStatsAccountCount).toBe(0)
    world.add({ id: 'a' })
    const back = scheduler.accounts().find(({ account }) => account === 'a')
    expect(back).toMatchObject({ errorRate: 0, ttftMs: undefined })
  })

  it('of a removed account are not fed by streams that end later', async () => {
    const world = createWorld({ accounts: [{ id: 'a' }] })
    const lease = await world.scheduler.acquire({ model: 'm' })
    world.change('a', 'remove')
    lease.settle({ outcome: { kind: 'server_error' } })
    world.add({ id: 'a' })
    expect(world.scheduler.accounts()[0]).toMatchObject({ account: 'a', errorRate: 0 })
    expect(world.scheduler.metrics().runtimeStatsAccountCount).toBe(0)
  })

  it('and cool-downs are not inherited by an account that takes the place of another', async () => {
    const world = createWorld({ accounts: [{ id: 'old' }] })
    const lease = await world.scheduler.acquire({ model: 'm' })
    lease.settle({ outcome: { kind: 'auth_broken' } })
    const before = world.scheduler.decisions(1)[0]
    world.accounts.replace([{ id: 'new', order: 0 }])
    expect(world.scheduler.accounts()).toMatchObject([{ account: 'new', state: 'active', errorRate: 0 }])
    using next = await world.scheduler.acquire({ model: 'm' })
    expect(next.account.id).toBe('new')
    expect(world.scheduler.decision(before!.id)).toMatchObject({ account: 'old', admittedTo: 'old' })
  })

  it('of strangers are bounded even in classic, which remembers them like the reference', () => {
    const { scheduler } = createWorld({ profile: classicProfile(), accounts: [{ id: 'a' }] })
    for (let i = 0; i < 5_000; i++) scheduler.report(`stranger-${i}`, { success: false, firstTokenMs: 1 })
    expect(scheduler.metrics().runtimeStatsAccountCount).toBeLessThanOrEqual(1_024)
    expect(scheduler.metrics().runtimeStatsAccountCount).toBeGreaterThan(0)
  })

  it('never hold what cannot be compared', () => {
    const { scheduler } = createWorld({ accounts: [{ id: 'a' }] })
    for (const firstTokenMs of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0])
      scheduler.report('a', { success: true, firstTokenMs })
    expect(scheduler.accounts()[0]!.ttftMs).toBeUndefined()
  })
})

describe('chance', () => {
  it('comes from the Random port: the same bits, the same choices', async () => {
    const choices = async (seed: number) => {
      const { scheduler } = createWorld({
        accounts: Array.from({ length: 7 }, (_, i) => ({ id: `n${i}` })),
        seed,
      })
      const chosen: string[] = []
      for (let i = 0; i < 40; i++) {
        using lease = await scheduler.acquire({ model: 'm' })
        chosen.push(`${lease.account.id} ${lease.decision!.seed}`)
      }
      return chosen
    }
    expect(await choices(1)).toEqual(await choices(1))
    expect(await choices(1)).not.toEqual(await choices(2))
  })

  it('is recorded: the seed of a request without an anchor is what the port gave', async () => {
    const random: Random = {
      next64(out) {
        out[0] = 0x89abcdef
        out[1] = 0x01234567
      },
    }
    const clock = createManualClock()
    const scheduler = createScheduler({
      profile: balancedProfile(),
      accounts: createMemoryAccounts([
        { id: 'a', order: 0 },
        { id: 'b', order: 1 },
      ]),
      slots: createMemorySlots(),
      bindings: createMemoryBindings({ clock }),
      clock,
      random,
    })
    const selection = await scheduler.select({ model: '' })
    expect(selection.decision!.seed).toBe(0x0123456789abcdefn.toString())
  })
})

describe('the signal of a client', () => {
  const accounts = Array.from({ length: 5 }, (_, i) => ({ id: `n${i}`, concurrency: 1 }))

  it('is looked at before anything is asked', async () => {
    const { scheduler, slots } = createWorld({ accounts })
    const asked = ask(scheduler, { model: 'm' }, { signal: AbortSignal.abort(new Error('left')) })
    await settled()
    expect(asked.error).toMatchObject({
      code: 'aborted',
      cause: expect.objectContaining({ message: 'left' }),
    })
    expect(slots.asked).toEqual([])
  })

  it('is looked at after every answer: a client who left has no further account asked', async () => {
    const gate = createGate()
    const { scheduler, slots } = createWorld({ accounts, later: gate.pass, batchSize: 1 })
    for (const { id } of accounts) slots.occupy(id)
    const client = new AbortController()
    const asked = ask(scheduler, { model: 'm' }, { signal: client.signal })
    await gate.open()
    expect(slots.asked).toHaveLength(1)
    client.abort()
    await gate.openAll()
    expect(slots.asked).toHaveLength(1)
    expect(asked.error?.code).toBe('aborted')
    expect(scheduler.queueDepth).toBe(0)
  })

  it('is looked at after a slot was granted: it goes back at once', async () => {
    const gate = createGate()
    const { scheduler, slots } = createWorld({ accounts, later: gate.pass })
    const client = new AbortController()
    const asked = ask(scheduler, { model: 'm' }, { signal: client.signal })
    await gate.open()
    expect(slots.held).toBe(1)
    client.abort()
    await gate.openAll()
    expect(asked.error?.code).toBe('aborted')
    expect(slots.held).toBe(0)
  })
})
