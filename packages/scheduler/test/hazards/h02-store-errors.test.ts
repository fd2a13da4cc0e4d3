import { describe, expect, it } from 'vitest'
import { sessionBindingKey } from '../../src/affinity/binding-key.ts'
import { classicProfile } from '../../src/index.ts'
import { type BindingMethod, createFaultyBindings } from '../engine/faulty-bindings.ts'
import { ask, createWorld, settled, type WorldOptions } from '../engine/world.ts'

const key = sessionBindingKey({ tenant: '', pool: 'default', group: null }, 's')
const request = { model: 'm', session: 's' }
const hourMs = 3_600_000

function worldWith(how: 'throws' | 'rejects', options: Partial<WorldOptions> = {}) {
  const failing = new Set<BindingMethod>()
  const world = createWorld({
    accounts: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    wrapBindings: bindings => createFaultyBindings(bindings, failing, how),
    ...options,
  })
  return { ...world, failing }
}

describe.each(['throws', 'rejects'] as const)('a binding store that %s', how => {
  it('on get: the request is served, and the binding is what it was', async () => {
    const { scheduler, bindings, failing } = worldWith(how)
    bindings.put(key, 'b', hourMs)
    failing.add('get')
    for (let i = 0; i < 20; i++) {
      using lease = await scheduler.acquire(request)
      expect(lease.account.id).toMatch(/[abc]/)
    }
    expect(bindings.get(key)).toBe('b')
  })

  it('on refresh: the session stays where it is warm', async () => {
    const { scheduler, bindings, failing } = worldWith(how)
    bindings.put(key, 'b', hourMs)
    failing.add('refresh')
    using lease = await scheduler.acquire(request)
    expect(lease.account.id).toBe('b')
    expect(bindings.get(key)).toBe('b')
  })

  it('on bindIfAbsent, rebind or unbind: the request is served all the same', async () => {
    const { scheduler, bindings, failing, change } = worldWith(how)
    for (const method of ['bindIfAbsent', 'rebind', 'unbind'] as const) failing.add(method)
    using first = await scheduler.acquire(request)
    expect(first.held).toBe(true)
    bindings.put(key, 'b', hourMs)
    change('b', { status: 'disabled' })
    using second = await scheduler.acquire(request)
    expect(second.account.id).not.toBe('b')
    change('b', 'remove')
    using third = await scheduler.acquire(request)
    expect(third.account.id).not.toBe('b')
  })

  it('on the look-up of an owner: an error that says so, and no guess', async () => {
    const { scheduler, slots, failing } = worldWith(how)
    await scheduler.bind({}, ['resp_1'], 'a')
    failing.add('get')
    const asked = ask(scheduler, { model: 'm', owners: ['resp_1'] })
    await settled()
    expect(asked.error?.code).toBe('store_failed')
    expect(slots.asked).toEqual([])
    failing.clear()
    using lease = await scheduler.acquire({ model: 'm', owners: ['resp_1'] })
    expect(lease.account.id).toBe('a')
  })
})

describe('a slot store that fails', () => {
  it.each(['marks', 'throws'] as const)(
    'at the bound account (%s): the session is served elsewhere and stays bound',
    async fault => {
      const { scheduler, slots, bindings } = worldWith('throws')
      bindings.put(key, 'b', hourMs)
      slots.fail('b', fault)
      using lease = await scheduler.acquire(request)
      expect(lease.account.id).not.toBe('b')
      expect(bindings.get(key)).toBe('b')
    },
  )

  it.each([
    ['one at a time', 1],
    ['in batches', 64],
  ] as const)('at one account: the others are still asked, %s', async (_, batchSize) => {
    const { scheduler, slots } = createWorld({
      accounts: [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }],
      batchSize,
    })
    for (const id of ['a', 'b', 'c']) slots.fail(id, 'marks')
    for (let i = 0; i < 20; i++) {
      using lease = await scheduler.acquire({ model: 'm' })
      expect(lease.account.id).toBe('d')
    }
    slots.asked.length = 0
    slots.fail('d', 'marks')
    const asked = ask(scheduler, { model: 'm' })
    await settled()
    expect(asked.error?.code).toBe('store_failed')
    expect([...slots.asked].sort()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('in classic ends the selection with that error, as the reference does', async () => {
    const { scheduler, slots } = createWorld({
      profile: classicProfile(),
      accounts: [{ id: 'a' }, { id: 'b' }],
    })
    slots.fail('a', 'marks')
    slots.fail('b', 'marks')
    const asked = ask(scheduler, { model: 'm' })
    await settled()
    expect(asked.error?.code).toBe('store_failed')
    expect(slots.asked).toHaveLength(1)
  })

  it('for a moment: a waiter whose slot it did not give is served when it works again', async () => {
    const { scheduler, slots, clock } = createWorld({ accounts: [{ id: 'a', concurrency: 1 }] })
    const lease = await scheduler.acquire({ model: 'm' })
    const waiting = ask(scheduler, { model: 'm' })
    slots.fail('a', 'throws')
    lease[Symbol.dispose]()
    slots.fail('a', undefined)
    clock.advance(1_000)
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
  })

  it('to take a slot back: whoever waits is served when it did', async () => {
    const { scheduler, slots, clock } = createWorld({ accounts: [{ id: 'a', concurrency: 1 }] })
    const lease = await scheduler.acquire({ model: 'm' })
    const waiting = ask(scheduler, { model: 'm' })
    slots.failReleases(1)
    lease[Symbol.dispose]()
    await settled()
    expect(waiting.lease).toBeUndefined()
    clock.advance(1_000)
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
    expect(slots.violations).toEqual([])
  })
})

describe('bad keys', () => {
  it('are the caller’s mistake, not the store’s', async () => {
    const { scheduler } = createWorld({ accounts: [{ id: 'a' }] })
    const long = 'k'.repeat(256)
    await expect(scheduler.acquire({ model: 'm', owners: [long] })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('255'),
    })
    await expect(scheduler.acquire({ model: 'm', session: long })).rejects.toMatchObject({
      code: 'invalid_request',
    })
    await expect(scheduler.locate({ owners: [long] })).rejects.toMatchObject({ code: 'invalid_request' })
  })
})
