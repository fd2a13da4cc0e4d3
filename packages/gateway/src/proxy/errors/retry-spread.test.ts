import { createManualClock } from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import { createRetrySpread } from './retry-spread.ts'

describe('times to come back', () => {
  it.each([500, 5_000, 60_000])('of a thousand turned away for %i ms make no herd', waitMs => {
    const spread = createRetrySpread(createManualClock())
    const arrivals = Array.from({ length: 1_000 }, () => spread(waitMs))
    const tenths = Map.groupBy(arrivals, ms => Math.floor(ms / 100))
    expect(Math.max(...Array.from(tenths.values(), ({ length }) => length))).toBeLessThanOrEqual(50)
  })

  it('are never before the instant, nor beyond half as long again', () => {
    const spread = createRetrySpread(createManualClock())
    const told = Array.from({ length: 1_000 }, () => spread(20_000))
    expect([Math.min(...told), Math.max(...told) < 30_000]).toEqual([20_000, true])
  })

  it('are the instant itself for one who is alone', () => {
    const clock = createManualClock()
    const spread = createRetrySpread(clock)
    for (let i = 0; i < 3; i++) {
      expect(spread(4_000)).toBe(4_000)
      expect(spread(4_000)).toBeGreaterThan(4_000)
      clock.advance(1_001)
    }
  })
})
