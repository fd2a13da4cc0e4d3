import { describe, expect, it } from 'vitest'
import { responseBindingKey } from '../../src/affinity/binding-key.ts'
import { balancedProfile, classicProfile, isSchedulerError } from '../../src/index.ts'
import { ask, createGate, createWorld, settled } from '../engine/world.ts'

const profiles = [balancedProfile(), classicProfile()]
const scope = { tenant: '', pool: 'default', group: null }

describe.each(profiles)('a slot is released exactly once, whatever happens ($name)', profile => {
  const one = [{ id: 'a', concurrency: 1 }]

  it('on settle, on dispose, and never twice', async () => {
    const { scheduler, slots } = createWorld({ profile, accounts: one })
    const lease = await scheduler.acquire({ model: 'm' })
    lease.settle({ outcome: { kind: 'ok' } })
    lease.settle({ outcome: { kind: 'server_error' } })
    lease[Symbol.dispose]()
    expect(lease.held).toBe(false)
    expect(slots.held).toBe(0)
    expect(slots.violations).toEqual([])
    const [state] = scheduler.accounts()
    expect(state).toMatchObject({ inUse: 0, errorRate: 0 })
  })

  it('when the block that uses it throws', async () => {
    const { scheduler, slots } = createWorld({ profile, accounts: one })
    const failing = async () => {
      using _lease = await scheduler.acquire({ model: 'm' })
      expect(slots.held).toBe(1)
      throw new Error('the handler broke')
    }
    await expect(failing()).rejects.toThrow('the handler broke')
    expect(slots.held).toBe(0)
  })

  it('when a subscriber throws, and the request is served all the same', async () => {
    const { scheduler, slots } = createWorld({ profile, accounts: one })
    const broken = () => {
      throw new Error('the subscriber broke')
    }
    scheduler.subscribe({ decided: broken, ended: broken, accountChanged: broken })
    const lease = await scheduler.acquire({ model: 'm' })
    lease.settle({ outcome: { kind: 'rate_limited' } })
    const selection = await scheduler.select({ model: 'm' })
    expect(selection.kind).not.toBe('selected')
    expect(slots.held).toBe(0)
  })

  it('when the client left while the store was asked', async () => {
    const gate = createGate()
    const { scheduler, slots } = createWorld({ profile, accounts: one, later: gate.pass })
    const client = new AbortController()
    const asked = ask(scheduler, { model: 'm' }, { signal: client.signal })
    await gate.open()
    expect(slots.held).toBe(1)
    client.abort()
    await gate.openAll()
    expect(asked.error?.code).toBe('aborted')
    expect(slots.held).toBe(0)
    expect(slots.violations).toEqual([])
  })

  it('when its account is removed while the store was asked, and nobody gets a lease on it', async () => {
    const gate = createGate()
    const world = createWorld({
      profile,
      accounts: [...one, { id: 'b', models: ['other'] }],
      later: gate.pass,
    })
    const asked = ask(world.scheduler, { model: 'm' })
    await gate.open()
    expect(world.slots.inUse('a')).toBe(1)
    world.change('a', 'remove')
    await gate.openAll()
    expect(asked.error?.code).toBe('no_accounts')
    expect(world.slots.held).toBe(0)
  })

  it('when its account is removed while it is in use', async () => {
    const world = createWorld({ profile, accounts: one })
    const lease = await world.scheduler.acquire({ model: 'm' })
    world.change('a', 'remove')
    expect(lease.account.id).toBe('a')
    lease.settle({ outcome: { kind: 'server_error' } })
    expect(world.slots.held).toBe(0)
    expect(world.slots.violations).toEqual([])
  })

  it('again and again until a failing store acknowledges it', async () => {
    const gate = createGate()
    const { scheduler, slots, clock } = createWorld({ profile, accounts: one, later: gate.pass })
    const asked = ask(scheduler, { model: 'm' })
    await gate.openAll()
    slots.failReleases(2)
    asked.lease!.settle({ outcome: { kind: 'ok' } })
    await gate.openAll()
    expect(slots.held).toBe(1)
    for (let second = 0; second < 2; second++) {
      clock.advance(1_000)
      await gate.openAll()
    }
    expect(slots.held).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('when a health store throws at the news of a cool-down', async () => {
    const { scheduler, slots } = createWorld({
      profile,
      accounts: one,
      health: {
        publish() {
          throw new Error('nobody listens')
        },
        subscribe: () => () => {},
      },
    })
    const lease = await scheduler.acquire({ model: 'm' })
    lease.settle({ outcome: { kind: 'rate_limited' } })
    expect(slots.held).toBe(0)
  })
})

describe('the reference drops a slot where it changes its mind', () => {
  it('classic keeps no slot of an owner hit when the session key beside it is none', async () => {
    const { scheduler, slots, bindings } = createWorld({
      profile: classicProfile(),
      accounts: [{ id: 'a', concurrency: 1, supportsWebSocket: true }],
    })
    bindings.put(responseBindingKey(scope, 'resp_1'), 'a', 1_000)
    const request = { model: 'm', previousResponse: 'resp_1', session: 's'.repeat(300) }
    const failure = await scheduler.acquire(request).then(
      lease => lease[Symbol.dispose](),
      (error: unknown) => error,
    )
    if (failure !== undefined) expect(isSchedulerError(failure)).toBe(true)
    expect(slots.held).toBe(0)
  })

  it('balanced asks for no slot before an account fits the transport', async () => {
    const { scheduler, slots } = createWorld({
      accounts: [{ id: 'plain' }, { id: 'socket', supportsWebSocket: true }],
    })
    await scheduler.bind({}, ['resp_1'], 'plain')
    const asked = ask(scheduler, { model: 'm', owners: ['resp_1'], transport: 'responses_websockets_v2' })
    await settled()
    expect(asked.error?.code).toBe('owner_gone')
    expect(slots.asked).toEqual([])
  })
})
