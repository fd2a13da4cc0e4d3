import { describe, expect, it } from 'vitest'
import { sessionBindingKey } from '../../src/affinity/binding-key.ts'
import { balancedProfile, classicProfile } from '../../src/index.ts'
import { ask, createWorld, settled } from '../engine/world.ts'

const key = sessionBindingKey({ tenant: '', pool: 'default', group: null }, 's')
const request = { model: 'm', session: 's' }

function boundWorld(profile: ReturnType<typeof balancedProfile>) {
  const world = createWorld({ profile, accounts: [{ id: 'a', concurrency: 1 }] })
  world.bindings.put(key, 'a', 3_600_000)
  return world
}

describe('a sticky hit', () => {
  it('is counted when the request is admitted where its session is warm', async () => {
    const { scheduler } = boundWorld(balancedProfile())
    using _lease = await scheduler.acquire(request)
    expect(scheduler.metrics()).toMatchObject({ stickySessionHitTotal: 1, stickyHitRatio: 1 })
  })

  it('is not counted for a mere plan to wait', async () => {
    const { scheduler } = boundWorld(balancedProfile())
    using _other = await scheduler.acquire({ model: 'm' })
    const selection = await scheduler.select(request)
    expect(selection.kind).toBe('wait')
    expect(scheduler.metrics().stickySessionHitTotal).toBe(0)
  })

  it('is not counted for a request that gave up', async () => {
    const { scheduler } = boundWorld(balancedProfile())
    await scheduler.bind({}, ['resp_1'], 'a')
    const other = await scheduler.acquire({ model: 'm' })
    const client = new AbortController()
    const leaving = ask(scheduler, { model: 'm', owners: ['resp_1'] }, { signal: client.signal })
    const staying = ask(scheduler, { model: 'm', owners: ['resp_1'] })
    client.abort()
    await settled()
    expect(leaving.error?.code).toBe('aborted')
    expect(scheduler.metrics().stickyPreviousHitTotal).toBe(0)
    other[Symbol.dispose]()
    await settled()
    expect(staying.lease?.account.id).toBe('a')
    expect(scheduler.metrics().stickyPreviousHitTotal).toBe(1)
  })

  it('is counted for the plan in classic, as in the reference', async () => {
    const { scheduler } = boundWorld(classicProfile())
    using _other = await scheduler.acquire({ model: 'm' })
    const selection = await scheduler.select(request)
    expect(selection.kind).toBe('wait')
    expect(scheduler.metrics().stickySessionHitTotal).toBe(1)
  })
})
