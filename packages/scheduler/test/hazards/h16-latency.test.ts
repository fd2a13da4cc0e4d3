import { describe, expect, it } from 'vitest'
import { balancedProfile, classicProfile } from '../../src/index.ts'
import { createManualClock, type ManualClock } from '../../src/memory/index.ts'
import { createWorld } from '../engine/world.ts'

/** Time passes by a quarter of a millisecond whenever somebody looks. */
function tickingClock(): ManualClock {
  const clock = createManualClock()
  return {
    ...clock,
    get pending() {
      return clock.pending
    },
    monotonicMs() {
      clock.advance(0.25)
      return clock.monotonicMs()
    },
  }
}

describe.each([balancedProfile(), classicProfile()])('the latency of a selection ($name)', profile => {
  it('is told in microseconds, in its decision and in the metrics', async () => {
    const { scheduler } = createWorld({ profile, accounts: [{ id: 'a' }], clock: tickingClock() })
    const first = await scheduler.select({ model: 'm' })
    const second = await scheduler.select({ model: 'm' })
    const { latencyMicros } = first.decision!
    expect(latencyMicros).toBeGreaterThanOrEqual(250)
    expect(latencyMicros).toBeLessThan(100_000)
    const total = latencyMicros + second.decision!.latencyMicros
    expect(scheduler.metrics()).toMatchObject({
      schedulerLatencyMicrosTotal: total,
      schedulerLatencyMicrosAvg: total / 2,
    })
  })
})
