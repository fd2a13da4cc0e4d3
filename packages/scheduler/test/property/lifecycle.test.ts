import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adaptiveProfile, balancedProfile, classicProfile, loadAwareProfile } from '../../src/index.ts'
import { settled } from '../engine/world.ts'
import { holds } from './holds.ts'
import { accountFacts, createPoolRun, operation } from './pool-run.ts'

const pool = fc.array(accountFacts, { minLength: 1, maxLength: 6 })

describe('over any accounts, requests and endings', () => {
  it('no slot leaks or is given twice, nobody waits beside a free account, nobody is overtaken', () =>
    holds(
      fc.asyncProperty(
        pool,
        fc.array(operation, { maxLength: 50, size: 'max' }),
        async (accounts, operations) => {
          const run = createPoolRun({ accounts })
          for (const next of operations) {
            // A release that fails takes a second: what is judged at once is judged without it.
            if (next.op === 'failReleases') continue
            run.apply(next)
            await settled()
            expect(run.faults()).toEqual([])
          }
          run.world.scheduler.drain()
          await settled()
          expect(run.world.scheduler.queueDepth).toBe(0)
          run.endAll()
          expect(run.world.slots.held).toBe(0)
          expect(run.world.slots.violations).toEqual([])
        },
      ),
      400,
    ))

  it.each([
    ['balanced', balancedProfile()],
    ['classic', classicProfile()],
    ['load-aware', loadAwareProfile()],
    ['adaptive', adaptiveProfile()],
  ])('no slot leaks under %s, with ejection, lost leases, failing releases and a forced stop', (_, profile) =>
    holds(
      fc.asyncProperty(
        pool,
        fc.array(operation, { maxLength: 60, size: 'max' }),
        async (accounts, operations) => {
          const run = createPoolRun({ accounts, profile })
          const { scheduler, slots, clock } = run.world
          for (const next of operations) {
            run.apply(next)
            await settled()
          }
          expect(slots.violations).toEqual([])
          scheduler.drain()
          await settled()
          run.endAll()
          // Releases that failed are tried again; then the node stops with nothing in hand.
          slots.failReleases(0)
          for (let second = 0; second < 3; second++) clock.advance(1_000)
          scheduler.close()
          await settled()
          expect(slots.held).toBe(0)
          expect(slots.violations).toEqual([])
          expect(clock.pending).toBe(0)
        },
      ),
      150,
    ),
  )
})
