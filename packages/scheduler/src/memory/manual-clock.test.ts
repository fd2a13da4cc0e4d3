import { describe, expect, it } from 'vitest'
import { createManualClock } from './manual-clock.ts'

// What every clock promises is in the contract suite; here is what this one adds.
describe('createManualClock', () => {
  it('stands still until told otherwise', () => {
    const clock = createManualClock({ wallMs: 5_000, monotonicMs: 7 })
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([7, 5_000])
    clock.advance(3)
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([10, 5_003])
  })

  it('runs timers in the order of their instants, each at its own, equal ones as they were made', () => {
    const clock = createManualClock()
    const ran: string[] = []
    const note = (name: string) => () => ran.push(`${name}@${clock.monotonicMs()}`)
    clock.schedule(20, note('b'))
    clock.schedule(10, note('a'))
    clock.schedule(20, note('c'))
    clock.schedule(21, note('d'))
    clock.advance(20)
    expect(ran).toEqual(['a@10', 'b@20', 'c@20'])
    clock.advance(1)
    expect(ran.at(-1)).toBe('d@21')
  })

  it('runs what timers schedule within the time that passes', () => {
    const clock = createManualClock()
    const ran: number[] = []
    const again = () => {
      ran.push(clock.monotonicMs())
      clock.schedule(10, again)
    }
    clock.schedule(10, again)
    clock.advance(35)
    expect(ran).toEqual([10, 20, 30])
    expect(clock.monotonicMs()).toBe(35)
  })

  it('moves on with a timer that lets time pass itself, and not back afterwards', () => {
    const clock = createManualClock({ wallMs: 0 })
    clock.schedule(10, () => clock.advance(100))
    clock.advance(20)
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([110, 110])
  })

  it('lets each clock be stepped without the other', () => {
    const clock = createManualClock({ wallMs: 1_000 })
    const ran: number[] = []
    clock.schedule(10, () => ran.push(clock.wallMs()))
    clock.stepWall(-400)
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([0, 600])
    expect(ran).toEqual([])
    clock.stepMonotonic(10)
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([10, 600])
    expect(ran).toEqual([600])
  })

  it('counts timers that neither ran nor were cancelled', () => {
    const clock = createManualClock()
    const cancels = Array.from({ length: 5 }, () => clock.schedule(10, () => {}))
    cancels[2]!()
    cancels[2]!()
    expect(clock.pending).toBe(4)
    clock.advance(10)
    expect(clock.pending).toBe(0)
  })

  it('runs a timer whose delay is no number at the next instant, as one without a delay', () => {
    const clock = createManualClock()
    let ran = 0
    for (const delayMs of [Number.NaN, -1, 0]) clock.schedule(delayMs, () => ran++)
    clock.advance(0)
    expect(ran).toBe(3)
  })

  it('refuses to let time pass backwards, or for ever', () => {
    const clock = createManualClock()
    for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => clock.advance(ms)).toThrow(`cannot pass ${ms} ms; it must be 0 or more`)
    }
  })
})
