import { describe, expect, it } from 'vitest'
import { createServiceRate } from './service-rate.ts'

/** Served once every `everyMs` for so long, with somebody always waiting. */
function served(everyMs: number, forMs: number) {
  const rate = createServiceRate()
  rate.busy(0)
  for (let at = everyMs; at <= forMs; at += everyMs) rate.served(at)
  return rate
}

describe('createServiceRate', () => {
  it('tells how long a queue will take at the rate of late', () => {
    for (const forMs of [5_000, 60_000]) {
      const told = served(200, forMs).retryAfterMs(50, forMs)!
      expect(told / 10_000).toBeGreaterThan(0.95)
      expect(told / 10_000).toBeLessThan(1.05)
    }
  })

  it('says nothing while nobody was served', () => {
    const rate = createServiceRate()
    rate.busy(0)
    expect(rate.retryAfterMs(10, 5_000)).toBeUndefined()
  })

  it('tells between a second and a minute', () => {
    expect(served(10, 5_000).retryAfterMs(3, 5_000)).toBe(1_000)
    expect(served(5_000, 60_000).retryAfterMs(500, 60_000)).toBe(60_000)
  })

  it('tells more while the queue stands still', () => {
    const rate = served(200, 20_000)
    const before = rate.retryAfterMs(20, 20_000)!
    expect(rate.retryAfterMs(20, 40_000)).toBeGreaterThan(before * 2)
  })

  it('does not count time in which nobody waited', () => {
    const rate = served(200, 20_000)
    const before = rate.retryAfterMs(50, 20_000)!
    rate.idle(20_000)
    rate.busy(3_600_000)
    expect(rate.retryAfterMs(50, 3_600_000)).toBe(before)
  })
})
