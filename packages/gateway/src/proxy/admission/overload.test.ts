import { createManualClock, createSeededRandom } from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import { createOverload, type OverloadChange } from './overload.ts'

const limits = { heap: 0.8, loopLagMs: 200 }

function world(priorities: readonly number[] = [0]) {
  const clock = createManualClock()
  const load = { heap: 0.1, loopLagMs: 1, buffered: 0 }
  const changes: OverloadChange[] = []
  let closed = false
  const close = (): void => {
    closed = true
  }
  const all = [...priorities]
  const overload = createOverload({
    limits,
    clock,
    random: createSeededRandom(1),
    probe: { read: () => ({ ...load }), close },
    bufferedShare: () => load.buffered,
    priorities: () => all,
    onChange: change => changes.push(change),
  })
  const seconds = (count: number): void => {
    for (let i = 0; i < count * 4; i++) clock.advance(250)
  }
  return { clock, load, changes, overload, all, seconds, closed: () => closed }
}

describe('new work is shed', () => {
  it.each([
    ['the heap', 'heap', { heap: 0.8 }],
    ['the event loop', 'loop_lag', { loopLagMs: 200 }],
    ['what is buffered', 'buffered_bytes', { buffered: 0.9 }],
  ] as const)('when %s was beyond its bound for a second', (_what, reason, over) => {
    const { load, overload, seconds, changes } = world()
    Object.assign(load, over)
    seconds(0.75)
    expect(overload.sheds(0)).toBe(false)
    seconds(0.25)
    expect(overload.sheds(0)).toBe(true)
    expect(changes).toMatchObject([{ from: 0, to: 1, reason }])
  })

  it('not for one long pause', () => {
    const { clock, load, overload, seconds } = world()
    load.loopLagMs = 900
    clock.advance(250)
    load.loopLagMs = 1
    seconds(5)
    expect(overload.level).toBe(0)
  })

  it('when its own samples come late, although the probe saw nothing', () => {
    const { overload, fire } = createLateWorld()
    for (let i = 0; i < 4; i++) fire(250 + 300)
    expect(overload.level).toBe(1)
  })

  it('of the lowest priority first, and of all in the end', () => {
    const { load, overload, seconds } = world([-10, 0, 5])
    load.heap = 0.99
    const shed = () => [-10, 0, 5].filter(priority => overload.sheds(priority))
    const seen = [1, 2, 3, 4].map(() => {
      seconds(1)
      return shed()
    })
    expect(seen).toEqual([[-10], [-10, 0], [-10, 0, 5], [-10, 0, 5]])
  })

  it('in at most four steps, however many priorities there are', () => {
    const { load, overload, seconds } = world(Array.from({ length: 100 }, (_, i) => i))
    load.heap = 0.99
    seconds(1)
    expect([overload.sheds(24), overload.sheds(25)]).toEqual([true, false])
    seconds(3)
    expect([overload.level, overload.sheds(99)]).toEqual([4, true])
  })
})

describe('new work is let in again', () => {
  it('step by step, after two seconds well below every bound', () => {
    const { load, overload, seconds, changes } = world([0, 1])
    load.heap = 0.99
    seconds(2)
    load.heap = 0.1
    seconds(1.75)
    expect(overload.level).toBe(2)
    seconds(0.25)
    expect([overload.sheds(0), overload.sheds(1)]).toEqual([true, false])
    seconds(2)
    expect(overload.sheds(0)).toBe(false)
    expect(changes.map(({ from, to, reason }) => [from, to, reason])).toEqual([
      [0, 1, 'heap'],
      [1, 2, 'heap'],
      [2, 1, 'calm'],
      [1, 0, 'calm'],
    ])
  })

  it('not while a bound is nearly reached', () => {
    const { load, overload, seconds } = world()
    load.heap = 0.8
    seconds(1)
    load.heap = 0.79
    seconds(60)
    expect(overload.level).toBe(1)
    load.heap = 0.75
    seconds(2)
    expect(overload.level).toBe(0)
  })

  it('when a reload takes away the priorities that were shed', () => {
    const { load, overload, seconds, all } = world([0, 1])
    load.heap = 0.99
    seconds(2)
    load.heap = 0.79
    all.pop()
    seconds(0.25)
    expect([overload.level, overload.sheds(0), overload.sheds(1)]).toEqual([1, true, false])
  })
})

it('tells those it turns away different times, of one to five seconds', () => {
  const { overload } = world()
  const told = Array.from({ length: 100 }, () => overload.retryAfterMs())
  expect(Math.min(...told)).toBeGreaterThanOrEqual(1000)
  expect(Math.max(...told)).toBeLessThan(5000)
  expect(new Set(told).size).toBeGreaterThan(50)
})

it('takes no more samples once closed', () => {
  const { load, overload, seconds, closed } = world()
  overload.close()
  load.heap = 0.99
  seconds(5)
  expect([overload.level, closed()]).toEqual([0, true])
})

/** An overload whose timers fire when the test says, with the time that has passed by then. */
function createLateWorld() {
  let nowMs = 0
  let due: (() => void) | undefined
  const overload = createOverload({
    limits,
    clock: {
      monotonicMs: () => nowMs,
      wallMs: () => nowMs,
      schedule: (_delayMs, callback) => {
        due = callback
        return () => {}
      },
    },
    random: createSeededRandom(1),
    probe: { read: () => ({ heap: 0, loopLagMs: 0 }), close() {} },
    bufferedShare: () => 0,
    priorities: () => [0],
    onChange() {},
  })
  return {
    overload,
    fire(afterMs: number) {
      nowMs += afterMs
      due!()
    },
  }
}
