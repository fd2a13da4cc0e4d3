import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { balancedProfile } from '../../src/index.ts'
import { settled } from '../engine/world.ts'
import { holds } from './holds.ts'
import { accountFacts, createPoolRun, operation } from './pool-run.ts'

const pool = fc.array(accountFacts, { minLength: 1, maxLength: 5 })
const profile = { ...balancedProfile({ fairness: 'tenant' }), ejection: undefined }

describe('tenants by turns and with limits of their own', () => {
  it.each([undefined, 1, 2])(
    'leave no account idle beside a waiter who may use it, and no limit (%s) is exceeded',
    tenantLimit =>
      holds(
        fc.asyncProperty(
          pool,
          fc.array(operation, { maxLength: 60, size: 'max' }),
          async (accounts, given) => {
            const run = createPoolRun({
              accounts,
              profile,
              ...(tenantLimit === undefined ? {} : { tenantLimit }),
            })
            for (const next of given) {
              // A release that got lost is tried again after a second: until then the book is right to complain.
              if (next.op === 'failReleases') continue
              run.apply(next)
              await settled()
              expect(run.faults()).toEqual([])
            }
          },
        ),
        150,
      ),
  )

  it('nor over a store that answers later, in any order', () =>
    holds(
      fc.asyncProperty(
        fc.scheduler(),
        pool,
        fc.array(fc.tuple(operation, fc.constantFrom(0, 0, 1, 2, 5, 1_000)), { maxLength: 40, size: 'max' }),
        async (chance, accounts, given) => {
          const later = (what: string) => chance.schedule(Promise.resolve(), what)
          const run = createPoolRun({ accounts, profile, later, tenantLimit: 2 })
          const arrive = async (count: number) => {
            await settled()
            for (let i = 0; i < count && chance.count() > 0; i++) {
              await chance.waitOne()
              await settled()
            }
          }
          for (const [next, answers] of given) {
            if (next.op === 'failReleases' || next.op === 'lose') continue
            run.apply(next)
            await arrive(answers)
            expect(run.world.slots.violations).toEqual([])
          }
          await arrive(Number.POSITIVE_INFINITY)
          expect(run.faults()).toEqual([])
        },
      ),
      150,
    ))
})
