import { describe, expect, it } from 'vitest'
import type { HeaderList } from '../../wire/header-list.ts'
import { isGatewayError } from '../errors/errors.ts'
import { scanRequest } from './scan.ts'
import { sessionKey } from './session-key.ts'

const scan = (body: object) => scanRequest(new TextEncoder().encode(JSON.stringify(body)))

function refusal(run: () => unknown): string {
  try {
    run()
    return 'accepted'
  } catch (error) {
    if (isGatewayError(error)) return `${error.status} ${error.code}`
    throw error
  }
}

describe('sessionKey', () => {
  const of = (headers: HeaderList, body: object = {}) => sessionKey('team', headers, scan(body))

  it('prefers a header set on purpose, then the body, then a header agents send', () => {
    const body = { prompt_cache_key: 'b' }
    const alone = of([], body)
    expect(of([['session-id', 'a']], body)).toBe(alone)
    expect(
      of(
        [
          ['x-session-id', 'x'],
          ['session-id', 'a'],
        ],
        body,
      ),
    ).toBe(of([['x-session-id', 'x']]))
    expect(
      of([
        ['x-headgate-session-id', 'h'],
        ['x-session-id', 'x'],
      ]),
    ).toBe(of([['x-headgate-session-id', 'h']]))
    expect(
      of([
        ['thread-id', 't'],
        ['session-id', 'a'],
      ]),
    ).toBe(of([['session-id', 'a']]))
  })

  it('is the same for one value wherever it stands, and is a digest', () => {
    expect(of([['session_id', 's']])).toBe(of([], { prompt_cache_key: 's' }))
    expect(of([['session_id', 's']])).toMatch(/^[0-9a-f]{64}$/)
  })

  it('is absent without a session, and never made of x-client-request-id or user', () => {
    expect(of([['x-client-request-id', 'x']], { user: 'u' })).toBeUndefined()
  })

  it('refuses a session header that comes twice', () => {
    expect(
      refusal(() =>
        of([
          ['session-id', 'a'],
          ['session-id', 'a'],
        ]),
      ),
    ).toBe('400 duplicate_header')
  })

  it.each(['', 'x'.repeat(513), 'a\u0000b', 'a\nb', 'é'])('refuses %j in a header set on purpose', value => {
    expect(refusal(() => of([['x-session-id', value]]))).toBe('400 invalid_session_key')
  })

  it('ignores what an agent sends wrongly, and a cache key of another type', () => {
    expect(of([['session-id', 'x'.repeat(513)]], { prompt_cache_key: 5 })).toBeUndefined()
    expect(of([], { prompt_cache_key: 'x'.repeat(1e6) })).toBeUndefined()
  })

  it('differs between tenants, or equal keys of two would draw the same account every time', () => {
    const headers: HeaderList = [['x-session-id', 'one']]
    expect(sessionKey('a', headers, undefined)).not.toBe(sessionKey('b', headers, undefined))
    expect(sessionKey('a', [['x-session-id', 'b:c']], undefined)).not.toBe(
      sessionKey('a:b', [['x-session-id', 'c']], undefined),
    )
  })
})
