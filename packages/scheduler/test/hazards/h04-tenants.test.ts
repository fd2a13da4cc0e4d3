import { describe, expect, it } from 'vitest'
import { ask, createWorld, settled } from '../engine/world.ts'

const accounts = [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]

describe('tenants', () => {
  it('never meet in a session, though they name it alike', async () => {
    const { scheduler, bindings } = createWorld({ accounts })
    for (const tenant of ['x', 'y', '', 'x:y']) {
      using _lease = await scheduler.acquire({ tenant, model: 'm', session: 's' })
    }
    expect(bindings.size).toBe(4)
  })

  it('never meet in an owner: a foreign id is as unknown as one that never was', async () => {
    const { scheduler } = createWorld({ accounts })
    const lease = await scheduler.acquire({ tenant: 'x', model: 'm' })
    await lease.bind(['resp_1'])
    const own = ask(scheduler, { tenant: 'x', model: 'm', owners: ['resp_1'] })
    const foreign = ask(scheduler, { tenant: 'y', model: 'm', owners: ['resp_1'] })
    const unknown = ask(scheduler, { tenant: 'y', model: 'm', owners: ['resp_2'] })
    await settled()
    expect(own.lease?.account.id).toBe(lease.account.id)
    expect(foreign.error?.code).toBe('owner_unknown')
    expect(foreign.error?.message).toBe(unknown.error?.message)
    expect(await scheduler.locate({ tenant: 'y', owners: ['resp_1'] })).toEqual(
      await scheduler.locate({ tenant: 'y', owners: ['resp_2'] }),
    )
  })

  it('cannot forget what is another’s', async () => {
    const { scheduler } = createWorld({ accounts })
    await scheduler.bind({ tenant: 'x' }, ['resp_1'], 'a')
    await scheduler.unbind({ tenant: 'y' }, ['resp_1'])
    expect(await scheduler.locate({ tenant: 'x', owners: ['resp_1'] })).toMatchObject({ account: 'a' })
    await scheduler.unbind({ tenant: 'x' }, ['resp_1'])
    expect(await scheduler.locate({ tenant: 'x', owners: ['resp_1'] })).toMatchObject({
      reason: 'owner_unknown',
    })
  })

  it('find what they bound whatever group they name: an upstream id knows none', async () => {
    const { scheduler } = createWorld({ accounts })
    const lease = await scheduler.acquire({ tenant: 'x', model: 'm', group: '7' })
    await lease.bind(['resp_1'])
    using next = await scheduler.acquire({ tenant: 'x', model: 'm', group: '7', owners: ['resp_1'] })
    expect(next.account.id).toBe(lease.account.id)
  })

  it('and pools never meet either, over one store of bindings', async () => {
    const first = createWorld({ accounts, pool: 'one' })
    const second = createWorld({ accounts, pool: 'two', wrapBindings: () => first.bindings })
    await first.scheduler.bind({}, ['resp_1'], 'a')
    expect(await second.scheduler.locate({ owners: ['resp_1'] })).toMatchObject({ reason: 'owner_unknown' })
  })
})
