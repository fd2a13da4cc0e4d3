import { describe, expect, it } from 'vitest'
import type { HeaderList } from '../../wire/header-list.ts'
import { rateLimits, spentForMs } from './rate-limit-headers.ts'

const of = (kind: string, limit: string, remaining: string, reset: string): [string, string][] => [
  [`x-ratelimit-limit-${kind}`, limit],
  [`x-ratelimit-remaining-${kind}`, remaining],
  [`x-ratelimit-reset-${kind}`, reset],
]

describe('the rate limit headers of an answer', () => {
  const resets: readonly (readonly [string, number | undefined])[] = [
    ['1s', 1000],
    ['0s', 0],
    ['120ms', 120],
    ['6m0s', 360_000],
    ['1h0m0.25s', 3_600_250],
    ['7.66s', 7660],
    ['2m59.56s', 179_560],
    ['500us', 0.5],
    ['500µs', 0.5],
    ['23h59m59s', 86_399_000],
    ['24h0m0s', 86_400_000],
    ['1', 1000],
    ['0.5', 500],
    ['60', 60_000],
    ['24h0m1s', undefined],
    ['1767225600', undefined],
    ['999999999h', undefined],
    ['', undefined],
    ['-1', undefined],
    ['-1s', undefined],
    ['1d', undefined],
    ['s', undefined],
    ['1s ', undefined],
    ['soon', undefined],
    ['1e3', undefined],
    ['NaN', undefined],
    ['2026-01-01T00:00:00Z', undefined],
    [`${'1'.repeat(60)}s`, undefined],
  ]

  it.each(resets)('a reset of %j is %s ms', (text, resetMs) => {
    const expected = resetMs === undefined ? undefined : { tokens: { limit: 100, remaining: 7, resetMs } }
    expect(rateLimits(of('tokens', '100', '7', text))).toEqual(expected)
  })

  const figures: readonly (readonly [string, string, object | undefined])[] = [
    ['100', '0', { limit: 100, remaining: 0, resetMs: 1000 }],
    ['100', '100', { limit: 100, remaining: 100, resetMs: 1000 }],
    ['0', '5', { remaining: 5, resetMs: 1000 }],
    ['-1', '5', { remaining: 5, resetMs: 1000 }],
    ['unlimited', '5', { remaining: 5, resetMs: 1000 }],
    ['100', '101', undefined],
    ['-1', '-1', undefined],
    ['100', '-1', undefined],
    ['100', '5.5', undefined],
    ['100', '', undefined],
    ['100', '9'.repeat(30), undefined],
    ['9999999999999', '9999999999999', undefined],
  ]

  it.each(figures)('%s allowed with %s left is %o', (limit, remaining, window) => {
    expect(rateLimits(of('requests', limit, remaining, '1s'))).toEqual(window && { requests: window })
  })

  it('may tell of requests, of tokens, or of both', () => {
    const both = [...of('requests', '10', '9', '6s'), ...of('tokens', '-1', '-1', '0')]
    expect(rateLimits(both)).toEqual({ requests: { limit: 10, remaining: 9, resetMs: 6000 } })
    expect(rateLimits([...of('requests', '10', '9', '6s'), ...of('tokens', '50', '2', '1s')])).toEqual({
      requests: { limit: 10, remaining: 9, resetMs: 6000 },
      tokens: { limit: 50, remaining: 2, resetMs: 1000 },
    })
  })

  it('say nothing without a reset, under another name, or when there are none', () => {
    const some: readonly HeaderList[] = [
      [],
      [['content-type', 'application/json']],
      [['x-ratelimit-remaining-tokens', '5']],
      of('tokens_usage_based', '100', '5', '1s'),
      of('project-tokens', '100', '5', '1s'),
    ]
    for (const headers of some) expect(rateLimits(headers)).toBeUndefined()
  })

  it('count once when they come twice', () => {
    const twice = [...of('tokens', '100', '5', '1s'), ...of('tokens', '100', '99', '9s')]
    expect(rateLimits(twice)).toEqual({ tokens: { limit: 100, remaining: 5, resetMs: 1000 } })
  })

  it('name the last reset of what is spent', () => {
    const spent = [...of('requests', '10', '0', '6s'), ...of('tokens', '50', '0', '2h0m0s')]
    expect(spentForMs(spent)).toBe(7_200_000)
    expect(spentForMs([...of('requests', '10', '0', '6s'), ...of('tokens', '50', '1', '2h0m0s')])).toBe(6000)
    expect(spentForMs(of('requests', '10', '1', '6s'))).toBeUndefined()
  })
})
