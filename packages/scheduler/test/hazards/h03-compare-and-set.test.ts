import { describe, expect, it } from 'vitest'
import { sessionBindingKey } from '../../src/affinity/binding-key.ts'
import { balancedProfile, classicProfile } from '../../src/index.ts'
import { ask, createWorld, settled } from '../engine/world.ts'

const key = sessionBindingKey({ tenant: '', pool: 'default', group: null }, 's')
const request = { model: 'm', session: 's' }
const hourMs = 3_600_000

describe('who binds a session', () => {
  it('the first of two first requests does; the second does not take it away', async () => {
    const { scheduler, bindings } = createWorld({
      accounts: [
        { id: 'a', concurrency: 1 },
        { id: 'b', concurrency: 1 },
      ],
      wrapBindings: inner => ({ ...inner, get: async name => inner.get(name) }),
    })
    const both = [ask(scheduler, request), ask(scheduler, request)]
    await settled()
    expect(new Set(both.map(({ lease }) => lease!.account.id)).size).toBe(2)
    expect(bindings.get(key)).toBe(both[0]!.lease!.account.id)
  })

  it('a late writer, admitted after a wait, leaves a newer binding alone', async () => {
    const { scheduler, bindings } = createWorld({
      accounts: [
        { id: 'a', concurrency: 1 },
        { id: 'b', models: ['x'] },
      ],
    })
    const lease = await scheduler.acquire({ model: 'm' })
    const waiting = ask(scheduler, request)
    bindings.put(key, 'b', hourMs)
    lease[Symbol.dispose]()
    await settled()
    expect(waiting.lease?.account.id).toBe('a')
    expect(bindings.get(key)).toBe('b')
  })

  it('a request that found its account cooling down moves the session only from where it found it', async () => {
    const newer = { current: false }
    const { scheduler, bindings, change } = createWorld({
      accounts: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
      wrapBindings: inner => ({
        ...inner,
        get(name) {
          const target = inner.get(name)
          if (newer.current) inner.put(name, 'c', hourMs)
          return target
        },
      }),
    })
    bindings.put(key, 'a', hourMs)
    change('a', { rateLimitedUntilMs: Number.MAX_SAFE_INTEGER })
    newer.current = true
    using _raced = await scheduler.acquire({ ...request, excluded: new Set(['c']) })
    expect(bindings.get(key)).toBe('c')
    newer.current = false
    bindings.put(key, 'a', hourMs)
    using moved = await scheduler.acquire({ ...request, excluded: new Set(['c']) })
    expect(moved.account.id).toBe('b')
    expect(bindings.get(key)).toBe('b')
  })

  it('a request that found its account gone unbinds only what it found', async () => {
    const { scheduler, bindings } = createWorld({
      accounts: [{ id: 'a' }, { id: 'b' }],
      wrapBindings: inner => ({
        ...inner,
        get(name) {
          const target = inner.get(name)
          if (target === 'gone') inner.put(name, 'b', hourMs)
          return target
        },
      }),
    })
    bindings.put(key, 'gone', hourMs)
    using _lease = await scheduler.acquire({ ...request, excluded: new Set(['b']) })
    expect(bindings.get(key)).toBe('b')
  })

  it('nobody, when its account is full: the request spills, the binding stays', async () => {
    const { scheduler, bindings } = createWorld({
      accounts: [
        { id: 'a', concurrency: 1 },
        { id: 'b', concurrency: 1 },
      ],
    })
    bindings.put(key, 'a', hourMs)
    using first = await scheduler.acquire(request)
    using second = await scheduler.acquire(request)
    expect([first.account.id, second.account.id]).toEqual(['a', 'b'])
    expect(bindings.get(key)).toBe('a')
  })

  it('in classic the last one does, as in the reference', async () => {
    const bound = async (profile: ReturnType<typeof classicProfile>) => {
      const { scheduler, bindings } = createWorld({
        profile,
        accounts: [{ id: 'a' }, { id: 'b' }],
        wrapBindings: inner => ({
          ...inner,
          get(name) {
            const target = inner.get(name)
            inner.put(name, 'elsewhere', hourMs)
            return target
          },
        }),
      })
      using lease = await scheduler.acquire(request)
      return [bindings.get(key), lease.account.id]
    }
    const [classic, chosen] = await bound(classicProfile())
    expect(classic).toBe(chosen)
    expect((await bound(balancedProfile()))[0]).toBe('elsewhere')
  })
})
