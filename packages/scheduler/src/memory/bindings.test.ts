import { describe, expect, it } from 'vitest'
import { createMemoryBindings } from './bindings.ts'
import { createManualClock } from './manual-clock.ts'

const hourMs = 3_600_000

// What every binding store promises is in the contract suite; here is what this one adds.
describe('createMemoryBindings', () => {
  it('never holds more than it was allowed', () => {
    const bindings = createMemoryBindings({ clock: createManualClock(), maxEntries: 10 })
    for (let i = 0; i < 1_000; i++) {
      bindings.put(`put-${i}`, 'a', hourMs)
      bindings.bindIfAbsent(`bound-${i}`, 'a', hourMs)
      expect(bindings.size).toBeLessThanOrEqual(10)
    }
    expect(bindings.get('bound-999')).toBe('a')
  })

  it('drops what has been unused for longest', () => {
    const bindings = createMemoryBindings({ clock: createManualClock(), maxEntries: 3 })
    for (const key of ['first', 'second', 'third']) bindings.put(key, 'a', hourMs)
    bindings.get('first')
    bindings.refresh('second', hourMs)
    bindings.put('fourth', 'a', hourMs)
    const kept = ['first', 'second', 'third', 'fourth'].map(key => bindings.get(key))
    expect(kept).toEqual(['a', 'a', undefined, 'a'])
  })

  it('still makes room when everything has been used', () => {
    const bindings = createMemoryBindings({ clock: createManualClock(), maxEntries: 3 })
    for (const key of ['first', 'second', 'third']) bindings.put(key, 'a', hourMs)
    for (const key of ['first', 'second', 'third']) bindings.get(key)
    bindings.put('fourth', 'a', hourMs)
    expect(bindings.size).toBe(3)
    expect(bindings.get('first')).toBeUndefined()
    expect(bindings.get('fourth')).toBe('a')
  })

  it('drops what has run out, however lately it was used, before what has not', () => {
    const clock = createManualClock()
    const bindings = createMemoryBindings({ clock, maxEntries: 2 })
    bindings.put('short', 'a', 1_000)
    bindings.put('long', 'a', hourMs)
    bindings.get('short')
    clock.advance(1_000)
    bindings.put('new', 'a', hourMs)
    expect(bindings.get('long')).toBe('a')
    expect(bindings.get('new')).toBe('a')
  })

  it('ends a binding at the very end of its life', () => {
    const clock = createManualClock()
    const bindings = createMemoryBindings({ clock })
    bindings.put('key', 'a', 1_000)
    clock.advance(999)
    expect(bindings.get('key')).toBe('a')
    clock.advance(1)
    expect(bindings.get('key')).toBeUndefined()
  })

  it('neither ends nor prolongs anything when the wall clock is set', () => {
    const clock = createManualClock()
    const bindings = createMemoryBindings({ clock })
    bindings.put('key', 'a', 1_000)
    clock.stepWall(10 * hourMs)
    expect(bindings.get('key')).toBe('a')
    clock.stepWall(-20 * hourMs)
    clock.advance(1_000)
    expect(bindings.get('key')).toBeUndefined()
  })

  it('forgets what has run out once it is asked for', () => {
    const clock = createManualClock()
    const bindings = createMemoryBindings({ clock })
    bindings.put('key', 'a', 1_000)
    clock.advance(2_000)
    expect(bindings.size).toBe(1)
    bindings.get('key')
    expect(bindings.size).toBe(0)
  })

  it('refuses a bound that would hold nothing', () => {
    const clock = createManualClock()
    for (const maxEntries of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createMemoryBindings({ clock, maxEntries })).toThrow(
        `maxEntries is ${maxEntries}; it must be a whole number of at least 1`,
      )
    }
  })
})
