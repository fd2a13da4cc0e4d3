import { describe, expect, it } from 'vitest'
import {
  type Ejection,
  type EjectionEvent,
  HEALTHY,
  nextTickMs,
  DEFAULT_EJECTION as rules,
  slowStartShare,
  step,
} from './ejection.ts'

const free = { mayEject: true, grant: 0 }
const run = (from: Ejection, now: number, ...events: EjectionEvent[]) =>
  events.reduce((state, event) => step(state, event, now, rules, free), from)
const ejected: Ejection = { phase: 'ejected', untilMs: 5_000, times: 1 }
const slow: Ejection = { phase: 'slow_start', sinceMs: 1_000, times: 1 }

describe('step', () => {
  it('ejects after three faults in a row, and forgets them at the first success', () => {
    expect(run(HEALTHY, 0, 'fault', 'fault')).toMatchObject({ phase: 'healthy', faults: 2 })
    expect(run(HEALTHY, 0, 'fault', 'fault', 'ok')).toBe(HEALTHY)
    expect(run(HEALTHY, 0, 'fault', 'neutral', 'fault', 'fault')).toEqual(ejected)
  })

  it('is not told of the present by a stream that began before the first fault', () => {
    const at = (state: Ejection, event: EjectionEvent, grant: number) =>
      step(state, event, 0, rules, { mayEject: true, grant })
    const faulty = at(at(HEALTHY, 'fault', 10), 'fault', 11)
    expect(at(faulty, 'ok', 9)).toBe(faulty)
    expect(at(at(faulty, 'ok', 9), 'fault', 12).phase).toBe('ejected')
    expect(at(faulty, 'ok', 12)).toBe(HEALTHY)
  })

  it('waits while more of those that began since are open than have failed', () => {
    const asked = new Array<EjectionEvent>(6).fill('asked')
    const some = run(HEALTHY, 0, 'fault', ...asked, 'fault', 'fault')
    expect(some).toMatchObject({ phase: 'healthy', faults: 3, asked: 6 })
    expect(run(some, 0, 'fault').phase).toBe('ejected')
    expect(run(some, 0, 'asked', 'asked', 'asked', 'fault').phase).toBe('healthy')
  })

  it('keeps counting where it may not eject, and ejects at the first fault after it may', () => {
    let state: Ejection = HEALTHY
    for (let i = 0; i < 5; i++) state = step(state, 'fault', 0, rules, { mayEject: false, grant: 0 })
    expect(state).toMatchObject({ phase: 'healthy', faults: 5 })
    expect(run(state, 0, 'fault').phase).toBe('ejected')
  })

  it('lets nothing but time end an ejection', () => {
    expect(run(ejected, 4_999, 'ok', 'fault', 'neutral', 'asked', 'tick')).toBe(ejected)
    expect(run(ejected, 5_000, 'tick')).toEqual({ phase: 'half_open', times: 1, probing: false })
  })

  it('lets the probe decide, and only once there is one', () => {
    const open = run(ejected, 5_000, 'tick')
    expect(run(open, 5_000, 'ok', 'fault', 'neutral')).toBe(open)
    expect(run(open, 6_000, 'asked', 'ok')).toEqual({ phase: 'slow_start', sinceMs: 6_000, times: 1 })
    expect(run(open, 6_000, 'asked', 'fault')).toEqual({ phase: 'ejected', untilMs: 16_000, times: 2 })
    expect(run(open, 6_000, 'asked', 'neutral')).toEqual(open)
  })

  it('doubles the back-off up to its limit, however often it comes', () => {
    const backOff = (times: number) => {
      const state = run({ phase: 'half_open', times, probing: true }, 0, 'fault')
      return state.phase === 'ejected' ? state.untilMs : 0
    }
    expect([0, 1, 2, 3, 4, 5, 10_000].map(backOff)).toEqual([
      5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000,
    ])
  })

  it('ends a slow start with time, or with the first fault where it may', () => {
    expect(run(slow, 15_999, 'tick', 'ok')).toBe(slow)
    expect(run(slow, 16_000, 'tick')).toBe(HEALTHY)
    expect(run(slow, 2_000, 'fault')).toEqual({ phase: 'ejected', untilMs: 12_000, times: 2 })
    expect(step(slow, 'fault', 2_000, rules, { mayEject: false, grant: 0 })).toBe(slow)
  })
})

describe('slowStartShare', () => {
  it('rises in ten steps from a tenth to all of it', () => {
    const shares = Array.from({ length: 11 }, (_, i) => slowStartShare(slow, 1_000 + i * 1_500, rules))
    expect(shares).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1])
    expect(slowStartShare(slow, 0, rules)).toBe(0.1)
  })

  it('is all of it outside a slow start', () => {
    expect(slowStartShare(HEALTHY, 0, rules)).toBe(1)
  })
})

describe('nextTickMs', () => {
  it('is later than now at every step of a slow start, whatever fractions its beginning has', () => {
    for (let i = 0; i < 1_000; i++) {
      const state: Ejection = { phase: 'slow_start', sinceMs: i * 1234.5678901, times: 1 }
      for (let at = state.sinceMs, steps = 0; at < state.sinceMs + 15_000; steps++) {
        const next = nextTickMs(state, at, { ...rules, slowStartMs: 15_000.1 })
        expect(next).toBeGreaterThan(at)
        at = next
        if (steps > 20) break
      }
    }
  })

  it('names the end of an ejection, each step of a slow start, and nothing otherwise', () => {
    expect(nextTickMs(ejected, 0, rules)).toBe(5_000)
    expect([1_000, 2_499, 2_500].map(now => nextTickMs(slow, now, rules))).toEqual([2_500, 2_500, 4_000])
    expect(nextTickMs(HEALTHY, 0, rules)).toBe(Number.POSITIVE_INFINITY)
    expect(nextTickMs({ phase: 'half_open', times: 1, probing: true }, 0, rules)).toBe(
      Number.POSITIVE_INFINITY,
    )
  })
})
