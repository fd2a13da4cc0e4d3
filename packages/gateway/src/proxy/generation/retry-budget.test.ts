import { createManualClock } from '@headgate/scheduler/memory'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRetryBudget } from './retry-budget.ts'

function takeAll(budget: { tryTake(): boolean }): number {
  let taken = 0
  while (budget.tryTake()) taken++
  return taken
}

describe('the retry budget', () => {
  it('lets a quiet gateway retry ten times in ten seconds', () => {
    const clock = createManualClock()
    const budget = createRetryBudget(clock)
    expect(takeAll(budget)).toBe(10)
    clock.advance(9_000)
    expect(takeAll(budget)).toBe(0)
    clock.advance(1_000)
    expect(takeAll(budget)).toBe(10)
  })

  it('adds a fifth of the requests of the last ten seconds', () => {
    const clock = createManualClock()
    const budget = createRetryBudget(clock)
    for (let i = 0; i < 100; i++) budget.requested()
    expect(takeAll(budget)).toBe(30)
    clock.advance(60_000)
    expect(takeAll(budget)).toBe(10)
  })

  it('holds attempts to 1.2 times the requests and ten per ten seconds, whatever the pattern', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3000), fc.nat(5)), { maxLength: 200 }), steps => {
        const clock = createManualClock()
        const budget = createRetryBudget(clock)
        let requests = 0
        let retries = 0
        for (const [ms, wanted] of steps) {
          clock.advance(ms)
          budget.requested()
          requests++
          for (let i = 0; i < wanted; i++) if (budget.tryTake()) retries++
        }
        const windows = Math.ceil((clock.monotonicMs() + 1000) / 10_000) + 1
        // Each retry is paid for by requests of one window; a request pays in at most two of them.
        expect(retries).toBeLessThanOrEqual(0.4 * requests + 10 * windows)
      }),
    )
  })

  it('takes back a retry that was not made, as if it had never been taken', () => {
    const clock = createManualClock()
    const budget = createRetryBudget(clock, { ratio: 0, reserve: 1 })
    for (let i = 0; i < 50; i++) {
      expect(budget.tryTake()).toBe(true)
      clock.advance(i % 3 === 0 ? 1200 : 0)
      budget.giveBack()
      budget.giveBack()
    }
    expect(budget.tryTake()).toBe(true)
    expect(budget.tryTake()).toBe(false)
  })
})
