import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, maxDurationMs, parseDuration } from '../../src/config/duration.ts'
import { nearestName } from '../../src/config/nearest-name.ts'
import { Secret } from '../../src/config/secret.ts'
import { formatSize, parseSize } from '../../src/config/size.ts'

describe('durations and sizes', () => {
  it('are read with their unit only', () => {
    expect(['250ms', '30s', '2m', '1h', '1d'].map(parseDuration)).toEqual([
      250, 30_000, 120_000, 3_600_000, 86_400_000,
    ])
    expect(['5', '1.5s', '-1s', '1 s', '1S', '', '1h30m'].map(parseDuration)).toEqual(
      Array(7).fill(undefined),
    )
    expect(['7B', '1KiB', '32MiB', '1GiB'].map(parseSize)).toEqual([7, 1024, 32 * 1024 ** 2, 1024 ** 3])
    expect(['5', '1KB', '1.5MiB', '1 MiB', ''].map(parseSize)).toEqual(Array(5).fill(undefined))
  })

  it('are written so that they read back the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: maxDurationMs }), durationMs => {
        expect(parseDuration(formatDuration(durationMs))).toBe(durationMs)
        expect(parseSize(formatSize(durationMs))).toBe(durationMs)
      }),
    )
  })

  it('end below the point where a timer fires at once', () => {
    expect(maxDurationMs).toBeLessThan(2 ** 31 - 1)
  })
})

describe('the nearest name', () => {
  const known = ['concurrency', 'baseUrl', 'apiKey', 'apiKeyFile', 'id']

  it.each([
    ['concurency', 'concurrency'],
    ['conucrrency', 'concurrency'],
    ['base_url', 'baseUrl'],
    ['API-KEY', 'apiKey'],
    ['api_keyfile', 'apiKeyFile'],
    ['frobnicate', undefined],
    ['x'.repeat(1000), undefined],
  ])('of %s is %s', (written, expected) => {
    expect(nearestName(written, known)).toBe(expected)
  })
})

describe('a secret', () => {
  const value = 'sk-proj-0123456789abcdef'
  const secret = new Secret(value)

  it('is only given by reveal', () => {
    expect(secret.reveal()).toBe(value)
    const shown = [
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true, depth: 9 }),
    ]
    expect(shown.every(text => text.includes('[secret …cdef]'))).toBe(true)
    expect(shown.join()).not.toContain('0123')
    expect(JSON.stringify(structuredCloneOrNothing(secret))).not.toContain('0123')
    expect(JSON.stringify({ ...secret })).toBe('{}')
  })

  it('shows nothing of a short value', () => {
    expect(String(new Secret('hunter2'))).toBe('[secret]')
  })
})

const structuredCloneOrNothing = (value: unknown): unknown => {
  try {
    return structuredClone(value)
  } catch {
    return undefined
  }
}
