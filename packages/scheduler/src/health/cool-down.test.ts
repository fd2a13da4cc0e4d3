import { describe, expect, it } from 'vitest'
import type { OutcomeKind } from '../model/outcome.ts'
import { coolDownMs, DEFAULT_COOL_DOWNS as rules, verdict } from './cool-down.ts'

const now = 1_000_000

describe('coolDownMs', () => {
  it('takes the upstream at its word', () => {
    for (const kind of ['rate_limited', 'overloaded', 'quota_exhausted', 'blocked'] as const)
      expect(coolDownMs({ kind, untilMs: now + 1_234 }, now, rules)).toBe(1_234)
  })

  it('but no longer than a day, and not backwards', () => {
    expect(coolDownMs({ kind: 'rate_limited', untilMs: now + 1e12 }, now, rules)).toBe(86_400_000)
    expect(coolDownMs({ kind: 'rate_limited', untilMs: now - 1 }, now, rules)).toBe(0)
  })

  it('has a time of its own for each outcome that names none', () => {
    const rests = (['rate_limited', 'overloaded', 'quota_exhausted', 'auth_broken'] as const).map(kind =>
      coolDownMs({ kind }, now, rules),
    )
    expect(rests).toEqual([5_000, 5_000, 600_000, 600_000])
  })

  it('rests nobody for anything else', () => {
    const kinds = [
      'ok',
      'client_error',
      'client_abort',
      'policy',
      'server_error',
      'timeout',
      'transport_error',
    ] as const
    for (const kind of kinds) expect(coolDownMs({ kind }, now, rules)).toBe(0)
  })
})

describe('verdict', () => {
  it('counts only account faults against an account', () => {
    const kinds: Record<OutcomeKind, ReturnType<typeof verdict>> = {
      ok: 'ok',
      client_error: 'neutral',
      client_abort: 'neutral',
      policy: 'neutral',
      rate_limited: 'neutral',
      quota_exhausted: 'neutral',
      auth_broken: 'neutral',
      blocked: 'neutral',
      overloaded: 'fault',
      server_error: 'fault',
      timeout: 'fault',
      transport_error: 'fault',
    }
    for (const [kind, expected] of Object.entries(kinds)) expect(verdict(kind as OutcomeKind)).toBe(expected)
  })
})
