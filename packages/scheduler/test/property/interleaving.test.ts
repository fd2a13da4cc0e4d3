import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sessionBindingKey } from '../../src/affinity/binding-key.ts'
import { adaptiveProfile, balancedProfile, classicProfile } from '../../src/index.ts'
import { ask, createWorld, settled } from '../engine/world.ts'
import { holds } from './holds.ts'
import { accountFacts, createPoolRun, operation } from './pool-run.ts'

const pool = fc.array(accountFacts, { minLength: 1, maxLength: 5 })
const batchSize = fc.constantFrom(1, 2, 64)
/** After each operation: how many answers arrive before the next; everything, now and then. */
const steps = fc.array(fc.tuple(operation, fc.constantFrom(0, 0, 1, 2, 5, 1_000)), {
  maxLength: 40,
  size: 'max',
})

/** Lets so many answers arrive, in an order the scheduler of fast-check makes up. */
async function arrive(chance: fc.Scheduler, count: number): Promise<void> {
  await settled()
  for (let i = 0; i < count && chance.count() > 0; i++) {
    await chance.waitOne()
    await settled()
  }
}

describe('over a store that answers later, in any order', () => {
  it('nobody waits beside a free account once everything has been said', () =>
    holds(
      fc.asyncProperty(fc.scheduler(), pool, batchSize, steps, async (chance, accounts, size, given) => {
        const later = (what: string) => chance.schedule(Promise.resolve(), what)
        const run = createPoolRun({ accounts, later, batchSize: size })
        for (const [next, answers] of given) {
          if (next.op === 'failReleases' || next.op === 'lose') continue
          run.apply(next)
          await arrive(chance, answers)
          expect(run.world.slots.violations).toEqual([])
          if (chance.count() === 0) expect(run.faults()).toEqual([])
        }
        await arrive(chance, Number.POSITIVE_INFINITY)
        expect(run.faults()).toEqual([])
      }),
      150,
    ))

  it.each([
    ['balanced', balancedProfile()],
    ['classic', classicProfile()],
    ['adaptive', adaptiveProfile()],
  ])(
    'no slot leaks under %s, though clients leave, accounts go and the node stops at any moment',
    (_, profile) =>
      holds(
        fc.asyncProperty(fc.scheduler(), pool, batchSize, steps, async (chance, accounts, size, given) => {
          const later = (what: string) => chance.schedule(Promise.resolve(), what)
          const run = createPoolRun({ accounts, later, batchSize: size, profile })
          const { scheduler, slots, clock } = run.world
          for (const [next, answers] of given) {
            run.apply(next)
            await arrive(chance, answers)
          }
          scheduler.drain()
          await arrive(chance, Number.POSITIVE_INFINITY)
          expect(scheduler.queueDepth).toBe(0)
          run.endAll()
          await arrive(chance, Number.POSITIVE_INFINITY)
          slots.failReleases(0)
          for (let second = 0; second < 3; second++) {
            clock.advance(1_000)
            await arrive(chance, Number.POSITIVE_INFINITY)
          }
          expect(slots.held).toBe(0)
          expect(slots.violations).toEqual([])
          expect(
            run.visits.every(({ asked }) => asked.lease !== undefined || asked.error !== undefined),
          ).toBe(true)
        }),
        100,
      ),
  )

  it('eight first requests of one session agree on one binding, and it stays', () =>
    holds(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 5 }), async (chance, count) => {
        const later = (what: string) => chance.schedule(Promise.resolve(), what)
        const { scheduler, bindings } = createWorld({
          accounts: Array.from({ length: count }, (_, i) => ({ id: `a${i}`, concurrency: 9 })),
          later,
          wrapBindings: inner => ({
            get: key => later('get').then(() => inner.get(key)),
            put: (key, target, ttl) => later('put').then(() => inner.put(key, target, ttl)),
            bindIfAbsent: (key, target, ttl) =>
              later('bind').then(() => inner.bindIfAbsent(key, target, ttl)),
            rebind: (key, from, to, ttl) => later('rebind').then(() => inner.rebind(key, from, to, ttl)),
            refresh: (key, ttl) => later('refresh').then(() => inner.refresh(key, ttl)),
            unbind: (key, target) => later('unbind').then(() => inner.unbind(key, target)),
          }),
        })
        const asked = Array.from({ length: 8 }, () => ask(scheduler, { model: 'm', session: 's' }))
        const key = sessionBindingKey({ tenant: '', pool: 'default', group: null }, 's')
        const seen = new Set<string>()
        await settled()
        while (chance.count() > 0) {
          await arrive(chance, 1)
          const target = bindings.get(key)
          if (target !== undefined) seen.add(target)
        }
        expect(seen.size).toBe(1)
        expect(asked.every(({ lease }) => lease?.held)).toBe(true)
        const next = ask(scheduler, { model: 'm', session: 's' })
        await arrive(chance, Number.POSITIVE_INFINITY)
        expect(next.lease!.account.id).toBe([...seen][0])
      }),
      60,
    ))
})
