import { describe, expect, it } from 'vitest'
import type { Account, ModelRules } from '../model/account.ts'
import { heldUntilMs, isModelLimited, isRetired, mustClear, nextModelLimitMs } from '../model/held.ts'
import { servesModel, upstreamModel } from '../model/model-rules.ts'
import { stateDomain } from './domain.ts'
import { modelFilter } from './model.ts'
import { isForeign, platformFilter } from './platform.ts'
import { carriesTransport, transportFilter } from './transport.ts'

const account = (facts: Partial<Account> = {}): Account => ({ id: 'a', order: 0, ...facts })
const facts = { model: 'm', transport: '', domain: undefined } as const

describe('the model filter', () => {
  const cases: readonly [ModelRules | undefined, string, string | undefined][] = [
    [undefined, 'm', 'm'],
    [[], 'm', 'm'],
    [{}, 'm', 'm'],
    [['m'], 'm', 'm'],
    [['m'], 'M', undefined],
    [['gpt-*'], 'gpt-5', 'gpt-5'],
    [['gpt-*'], 'gpt-', 'gpt-'],
    [['gpt-*'], 'gpt', undefined],
    [['*'], 'anything', 'anything'],
    [['a*b'], 'aXb', undefined],
    [{ m: 'deployment' }, 'm', 'deployment'],
    [{ 'gpt-*': 'short', 'gpt-5*': 'long', 'gpt-5.1': 'exact' }, 'gpt-5.1', 'exact'],
    [{ 'gpt-*': 'short', 'gpt-5*': 'long', 'gpt-5.1': 'exact' }, 'gpt-5.1-mini', 'long'],
    [{ 'gpt-*': 'short', 'gpt-5*': 'long' }, 'gpt-4', 'short'],
    [{ m: 'x' }, 'constructor', undefined],
    [{ m: 'x' }, '__proto__', undefined],
  ]

  it.each(cases)('with rules %j knows %s as %s', (rules, model, upstream) => {
    expect(upstreamModel(rules, model)).toBe(upstream)
    const given = account(rules === undefined ? {} : { models: rules })
    expect(modelFilter.passes(given, { ...facts, model })).toBe(upstream !== undefined)
  })

  it('lets everyone serve a request without a model', () => {
    expect(servesModel(account({ models: ['other'] }), '')).toBe(true)
  })
})

describe('the other filters', () => {
  it('platform: none and openai are at home, others are foreign', () => {
    const platforms = [{}, { platform: 'openai' }, { platform: 'other' }, { platform: '' }]
    expect(platforms.map(given => isForeign(account(given)))).toEqual([false, false, true, true])
    expect(platformFilter.passes(account({ platform: 'other' }), facts)).toBe(false)
  })

  it('transport: only the WebSocket asks anything of an account', () => {
    expect(['', 'http_sse'].map(transport => carriesTransport(account(), transport as ''))).toEqual([
      true,
      true,
    ])
    const socket = { ...facts, transport: 'responses_websockets_v2' } as const
    expect(transportFilter.passes(account(), socket)).toBe(false)
    expect(transportFilter.passes(account({ supportsWebSocket: true }), socket)).toBe(true)
  })

  it('state domain: the id unless said otherwise', () => {
    expect([stateDomain(account()), stateDomain(account({ stateDomain: 'd' }))]).toEqual(['a', 'd'])
  })
})

describe('standing', () => {
  it('is retired by an operator’s word or an expiry, not by a cool-down', () => {
    const retired = (given: Partial<Account>) => isRetired(account(given), 1_000)
    expect(retired({})).toBe(false)
    expect(retired({ status: 'draining' })).toBe(false)
    expect(retired({ rateLimitedUntilMs: 9_999 })).toBe(false)
    for (const given of [{ status: 'disabled' }, { status: 'error' }, { schedulable: false }] as const)
      expect(retired(given)).toBe(true)
    expect([1_001, 1_000, 999].map(expiresAtMs => retired({ expiresAtMs }))).toEqual([false, true, true])
  })

  it('is held until the last of its instants', () => {
    expect(heldUntilMs(account())).toBe(0)
    expect(heldUntilMs(account({ overloadedUntilMs: 5, rateLimitedUntilMs: 9, blockedUntilMs: 7 }))).toBe(9)
  })

  it('limits a model until its instant, at which it is free', () => {
    const limited = account({ modelLimitedUntilMs: { m: 1_000, n: 3_000 } })
    expect([999, 1_000].map(now => isModelLimited(limited, 'm', now))).toEqual([true, false])
    for (const model of ['other', 'constructor', '__proto__'])
      expect(isModelLimited(limited, model, 0)).toBe(false)
    expect([0, 1_000, 3_000].map(now => nextModelLimitMs(limited, now))).toEqual([
      1_000,
      3_000,
      Number.POSITIVE_INFINITY,
    ])
  })

  it('clears bindings by the reference’s rule: not for a rate limit of the whole account', () => {
    const clears = (given: Partial<Account>) => mustClear(account(given), 'm', 1_000)
    expect(clears({ rateLimitedUntilMs: 9_999, overloadedUntilMs: 9_999 })).toBe(false)
    expect(clears({ blockedUntilMs: 1_000 })).toBe(false)
    for (const given of [
      { blockedUntilMs: 1_001 },
      { status: 'disabled' },
      { status: 'error' },
      { schedulable: false },
      { modelLimitedUntilMs: { m: 1_001 } },
    ] as const)
      expect(clears(given)).toBe(true)
  })
})
