import { describe, expect, it } from 'vitest'
import { balancedProfile, classicProfile } from '../../src/index.ts'
import { ask, createWorld, settled } from '../engine/world.ts'

const accounts = [
  { id: 'a', concurrency: 1 },
  { id: 'b', concurrency: 1 },
  { id: 'c', concurrency: 1, models: ['special'] },
]

describe('whoever waits', () => {
  it.each(['a', 'b'])('is served by whichever eligible account frees first (%s)', async freed => {
    const { scheduler } = createWorld({ profile: balancedProfile(), accounts })
    const leases = [await scheduler.acquire({ model: 'm' }), await scheduler.acquire({ model: 'm' })]
    const waiting = ask(scheduler, { model: 'm' })
    await settled()
    expect(scheduler.queueDepth).toBe(1)
    leases.find(({ account }) => account.id === freed)![Symbol.dispose]()
    await settled()
    expect(waiting.lease?.account.id).toBe(freed)
  })

  it('is passed by a slot it cannot use, which goes to the oldest who can', async () => {
    const { scheduler } = createWorld({ accounts })
    const special = await scheduler.acquire({ model: 'special', excluded: new Set(['a', 'b']) })
    const others = [await scheduler.acquire({ model: 'm' }), await scheduler.acquire({ model: 'm' })]
    const first = ask(scheduler, { model: 'm' })
    const second = ask(scheduler, { model: 'special' })
    special[Symbol.dispose]()
    await settled()
    expect(first.lease).toBeUndefined()
    expect(second.lease?.account.id).toBe('c')
    others[0]![Symbol.dispose]()
    await settled()
    expect(first.lease?.account.id).toBe(others[0]!.account.id)
  })

  it('is not bound to a failed account: it never gets one it excluded', async () => {
    const { scheduler } = createWorld({ accounts })
    const leases = [await scheduler.acquire({ model: 'm' }), await scheduler.acquire({ model: 'm' })]
    const waiting = ask(scheduler, { model: 'm', excluded: new Set(['a']) })
    leases.find(({ account }) => account.id === 'a')![Symbol.dispose]()
    await settled()
    expect(waiting.lease).toBeUndefined()
    leases.find(({ account }) => account.id === 'b')![Symbol.dispose]()
    await settled()
    expect(waiting.lease?.account.id).toBe('b')
  })

  it('in classic waits for the account its plan names, while another stands idle', async () => {
    const { scheduler } = createWorld({ profile: classicProfile(), accounts })
    const leases = [await scheduler.acquire({ model: 'm' }), await scheduler.acquire({ model: 'm' })]
    const waiting = ask(scheduler, { model: 'm' })
    await settled()
    const planned = scheduler.decisions(1)[0]!.plan!.account
    const other = leases.find(({ account }) => account.id !== planned)!
    const named = leases.find(({ account }) => account.id === planned)!
    other[Symbol.dispose]()
    await settled()
    expect(waiting.lease).toBeUndefined()
    named[Symbol.dispose]()
    await settled()
    expect(waiting.lease?.account.id).toBe(planned)
  })
})
