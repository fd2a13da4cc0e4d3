import { describe, expect, it } from 'vitest'
import { assertEqual, assertThat } from './assert.ts'

describe('assertEqual', () => {
  it('says what was expected and what came', () => {
    expect(() => assertEqual([1, 2], [1, 3], 'results')).toThrow('results: expected [1,3], got [1,2]')
    expect(() => assertEqual(undefined, 'a', 'target')).toThrow('target: expected "a", got undefined')
  })

  it('takes equal data for equal, and nothing else', () => {
    const equal: [unknown, unknown][] = [
      [{ a: [1, { b: null }] }, { a: [1, { b: null }] }],
      [Number.NaN, Number.NaN],
      [undefined, undefined],
    ]
    const unequal: [unknown, unknown][] = [
      [{ a: 1 }, { a: 1, b: undefined }],
      [[], {}],
      ['1', 1],
      [null, {}],
      [{ a: undefined }, { b: undefined }],
    ]
    for (const [got, expected] of equal) expect(() => assertEqual(got, expected, 'data')).not.toThrow()
    for (const [got, expected] of unequal)
      expect(() => assertEqual(got, expected, 'data')).toThrow('expected')
  })

  it('keeps its message short, however much came', () => {
    let message = ''
    try {
      assertEqual('x'.repeat(10_000), '', 'text')
    } catch (error) {
      message = String(error)
    }
    expect(message.length).toBeLessThan(500)
    expect(message).toContain('(10002 characters)')
  })
})

describe('assertThat', () => {
  it('shows what came beside the claim', () => {
    expect(() => assertThat(false, 'a slot is granted', null)).toThrow(
      'a slot is granted: expected this to hold, got null',
    )
  })
})
