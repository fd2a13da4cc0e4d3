import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adaptiveProfile, type Profile } from '../../src/index.ts'
import { createWorld, settled } from '../engine/world.ts'
import { holds } from './holds.ts'
import { accountFacts, createPoolRun, type Operation, operation } from './pool-run.ts'

/** Few slots, two models' worth of accounts, and sometimes any accounts at all. */
const tight = fc.record({ concurrency: fc.constantFrom(1, 1, 2, 3), models: fc.constantFrom([], ['m']) })
const pool = fc.array(fc.oneof({ weight: 3, arbitrary: tight }, accountFacts), { minLength: 1, maxLength: 4 })

/** Mostly requests of two sessions that answer well, and little time between them: what makes a request wait by choice. */
const busy: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('acquire' as const),
      tenant: fc.constant('x'),
      model: fc.constant('m'),
      session: fc.constantFrom('s', 't', undefined),
      owner: fc.constant(undefined),
      excluded: fc.constant([]),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('end' as const),
      which: fc.nat({ max: 40 }),
      how: fc.constant('ok' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('advance' as const), ms: fc.constantFrom(50, 700, 2_500) }),
  },
  { weight: 1, arbitrary: operation },
)
const operations = fc.array(busy, { maxLength: 60, size: 'max' })

const profile: Profile = { ...adaptiveProfile(), ejection: undefined }
/** Long prompts, so that a warm cache is worth a wait; and the longest wait by choice. */
const LONG = { profile, inputTokens: 50_000, patienceMs: 4_000 }

describe('over any accounts, requests and endings, adaptive', () => {
  it('leaves nobody beside a free account beyond its patience, and turns nobody away who need not wait', () =>
    holds(
      fc.asyncProperty(pool, operations, async (accounts, given) => {
        const run = createPoolRun({ accounts, ...LONG })
        for (const next of given) {
          if (next.op === 'failReleases') continue
          run.apply(next)
          await settled()
          expect(run.faults()).toEqual([])
        }
        run.world.clock.advance(60_000)
        await settled()
        expect(run.visits.every(({ asked }) => asked.lease ?? asked.error)).toBe(true)
      }),
      200,
    ))

  it('leaves nobody there over a store that answers later either, and every slot comes back', () =>
    holds(
      fc.asyncProperty(pool, operations, fc.constantFrom(1, 64), async (accounts, given, batchSize) => {
        const run = createPoolRun({ accounts, ...LONG, later: () => Promise.resolve(), batchSize })
        for (const next of given) {
          if (next.op === 'failReleases' || next.op === 'lose') continue
          run.apply(next)
          for (let turn = 0; turn < 3; turn++) await settled()
          expect(run.faults()).toEqual([])
        }
        run.world.scheduler.drain()
        await settled()
        run.endAll()
        for (let turn = 0; turn < 3; turn++) await settled()
        expect(run.world.slots.held).toBe(0)
      }),
      100,
    ))

  it('decides the same from the same seed', () =>
    holds(
      fc.asyncProperty(operations, async given => {
        const large = Array.from({ length: 40 }, (_, i) => ({ concurrency: 1 + (i % 3), priority: i % 2 }))
        const first = await played(large, given)
        expect(await played(large, given)).toEqual(first)
      }),
      30,
    ))
})

async function played(accounts: readonly object[], operations: readonly Operation[]) {
  const run = createPoolRun({ accounts, ...LONG })
  for (const next of operations) {
    run.apply(next)
    await settled()
  }
  return run.world.scheduler.decisions().map(({ account, seed, rows }) => ({ account, seed, rows }))
}

const healing = fc.array(
  fc.tuple(fc.nat({ max: 5 }), fc.constantFrom('server_error', 'timeout', 'slow', 'ok')),
  {
    maxLength: 80,
    size: 'max',
  },
)

it('an account that is well again has traffic again within five minutes, whatever it did before', () =>
  holds(
    fc.asyncProperty(fc.integer({ min: 2, max: 6 }), healing, async (count, faults) => {
      const ids = Array.from({ length: count }, (_, i) => `a${i}`)
      const world = createWorld({
        accounts: ids.map(id => ({ id, concurrency: 4 })),
        profile: adaptiveProfile(),
      })
      for (const [at, kind] of faults) {
        const excluded = new Set(ids.filter((_, i) => i !== at % count))
        const selection = await world.scheduler.select({ model: 'm', inputTokens: 1_000, excluded })
        if (selection.kind !== 'selected') continue
        if (kind === 'slow') {
          world.clock.advance(10_000)
          selection.lease.firstToken()
        }
        selection.lease.settle({ outcome: { kind: kind === 'slow' ? 'ok' : kind } as never })
        world.clock.advance(1_000)
      }
      const served = new Set<string>()
      for (let second = 0; second < 300; second++) {
        for (let one = 0; one < 2; one++) {
          const selection = await world.scheduler.select({ model: 'm', inputTokens: 1_000 })
          if (selection.kind !== 'selected') continue
          served.add(selection.lease.account.id)
          world.clock.advance(300)
          selection.lease.firstToken()
          selection.lease.settle({ outcome: { kind: 'ok' } })
        }
        world.clock.advance(400)
      }
      expect([...served].sort()).toEqual(ids)
    }),
    15,
  ))
