import { createManualClock } from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import { createEntraToken, type TokenFetched } from './entra-token.ts'
import { readTokenAnswer, type TokenAnswer } from './token-answer.ts'

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const reply = (status: number, value: unknown): TokenAnswer => ({ kind: 'reply', status, body: bytes(value) })
const granted = (token: string, seconds: unknown = 3600) =>
  reply(200, { token_type: 'Bearer', access_token: token, expires_in: seconds })
const down: TokenAnswer = { kind: 'fault', fault: { kind: 'connect', detail: 'ECONNREFUSED' } }
const refused = reply(401, { error: 'invalid_client', error_codes: [7000215], error_description: 'canary' })

/** A source whose endpoint answers as the test tells it to. */
function source(options: { readonly jitter?: number } = {}) {
  const clock = createManualClock()
  const asked: ((answer: TokenAnswer) => void)[] = []
  const fetched: TokenFetched['kind'][] = []
  const token = createEntraToken({
    ask: () => new Promise(resolve => asked.push(resolve)),
    clock,
    jitter: () => options.jitter ?? 0,
    onFetch: ({ kind }) => fetched.push(kind),
  })
  const settle = async (answer: TokenAnswer) => {
    asked.at(-1)!(answer)
    // Every promise between the answer and who waits for it.
    for (let turn = 0; turn < 10; turn++) await undefined
  }
  return { clock, asked, token, fetched, settle }
}

const bearer = (token: string) => ['authorization', `Bearer ${token}`]

describe('the token of an account', () => {
  it('is fetched at the start, once for all who wait, and then at hand without a promise', async () => {
    const { clock, asked, token, settle } = source()
    const waiting = [token.header(), token.header()]
    clock.advance(0)
    expect(asked).toHaveLength(1)
    await settle(granted('one'))
    expect(await Promise.all(waiting)).toEqual([bearer('one'), bearer('one')])
    expect(token.header()).toEqual(bearer('one'))
    expect(asked).toHaveLength(1)
  })

  it('is fetched at the start although nobody waits', async () => {
    const { clock, asked, token, settle } = source()
    clock.advance(0)
    await settle(granted('one'))
    expect(asked).toHaveLength(1)
    expect(token.header()).toEqual(bearer('one'))
  })

  it.each([
    ['five minutes before its end', 0, 3300],
    ['or earlier, so that gateways do not ask together', 0.5, 3150],
  ])('is renewed %s', async (_when, jitter, seconds) => {
    const { clock, asked, token, settle } = source({ jitter })
    clock.advance(0)
    await settle(granted('one'))
    clock.advance(seconds * 1000 - 1)
    expect(asked).toHaveLength(1)
    clock.advance(1)
    expect(asked).toHaveLength(2)
    expect(token.header()).toEqual(bearer('one'))
    await settle(granted('two'))
    expect(token.header()).toEqual(bearer('two'))
  })

  it('is renewed a fifth of its life before its end where that is less', async () => {
    const { clock, asked, settle } = source()
    clock.advance(0)
    await settle(granted('one', '100'))
    clock.advance(79_999)
    expect(asked).toHaveLength(1)
    clock.advance(1)
    expect(asked).toHaveLength(2)
  })

  it('stays in use while it cannot be renewed, until it really ends; then the fault is told', async () => {
    const { clock, asked, token, settle } = source()
    clock.advance(0)
    await settle(granted('one'))
    clock.advance(3300_000)
    let failures = 0
    while (clock.monotonicMs() < 3600_000) {
      expect(token.header()).toEqual(bearer('one'))
      if (asked.length > failures + 1) {
        failures++
        await settle(down)
      }
      clock.advance(500)
    }
    // Pauses double from half a second to half a minute: about one failure in that time.
    expect(failures).toBeGreaterThan(10)
    expect(failures).toBeLessThan(20)
    const waiting = token.header()
    if (asked.length > failures + 1) await settle(down)
    await expect(waiting).rejects.toMatchObject({
      fault: { kind: 'connect', detail: 'the token endpoint: ECONNREFUSED' },
    })
    expect(token.state()).toMatchObject({ validForMs: 0, fault: { kind: 'connect' } })
  })

  it('is not asked for by every request while the endpoint refuses', async () => {
    const { clock, asked, token, fetched, settle } = source()
    const first = token.header()
    await settle(refused)
    const fault = { kind: 'auth', detail: 'the token endpoint answers 401 invalid_client (AADSTS7000215)' }
    await expect(first).rejects.toMatchObject({ fault })
    for (let request = 0; request < 5; request++)
      await expect(token.header()).rejects.toMatchObject({ fault })
    expect(asked).toHaveLength(1)
    clock.advance(500)
    expect(asked).toHaveLength(2)
    await settle(granted('one'))
    expect(token.header()).toEqual(bearer('one'))
    expect(fetched).toEqual(['failed', 'token'])
    expect(token.state().fault).toBeUndefined()
  })

  it('is fetched anew when the upstream refuses it, once in ten seconds', async () => {
    const { clock, asked, token, settle } = source()
    clock.advance(0)
    await settle(granted('one'))
    const one = await token.header()
    const renewed = [token.renewed(one), token.renewed(one)]
    await settle(granted('two'))
    expect(await Promise.all(renewed)).toEqual([bearer('two'), bearer('two')])
    expect(asked).toHaveLength(2)
    // A latecomer with the old token gets the new one, and one that was refused the new one is told the truth.
    expect(await token.renewed(one)).toEqual(bearer('two'))
    expect(token.renewed(await token.header())).toBeUndefined()
    clock.advance(10_000)
    expect(token.renewed(await token.header())).toBeInstanceOf(Promise)
    expect(asked).toHaveLength(3)
  })

  it('is asked for no more once its account is gone', async () => {
    const { clock, asked, token, settle } = source()
    const waiting = token.header()
    token.close()
    await settle(granted('late'))
    await expect(waiting).rejects.toMatchObject({ fault: { detail: 'the account was removed' } })
    clock.advance(10_000_000)
    expect(asked).toHaveLength(1)
  })
})

describe('the answer of a token endpoint', () => {
  it.each([
    ['a server that is away', down, { kind: 'connect', detail: 'the token endpoint: ECONNREFUSED' }],
    [
      'a certificate that is not good',
      { kind: 'fault', fault: { kind: 'tls', detail: 'CERT_HAS_EXPIRED' } },
      { kind: 'tls', detail: 'the token endpoint: CERT_HAS_EXPIRED' },
    ],
    [
      'silence',
      { kind: 'fault', fault: { kind: 'headers_timeout' } },
      { kind: 'connect', detail: 'the token endpoint: does not answer in time' },
    ],
    [
      'a wrong secret',
      refused,
      { kind: 'auth', detail: 'the token endpoint answers 401 invalid_client (AADSTS7000215)' },
    ],
    [
      'a wrong tenant',
      reply(400, { error: 'invalid_request' }),
      { kind: 'auth', detail: 'the token endpoint answers 400 invalid_request' },
    ],
    ['too many requests', reply(429, {}), { kind: 'connect', detail: 'the token endpoint answers 429' }],
    ['an outage', reply(503, '<html>'), { kind: 'connect', detail: 'the token endpoint answers 503' }],
    ['a redirect', reply(302, ''), { kind: 'connect', detail: 'the token endpoint answers 302' }],
    [
      'a page',
      reply(200, '<html>'),
      { kind: 'connect', detail: 'the token endpoint gives an answer that is no token' },
    ],
    [
      'a token for a header of its own',
      granted('a\r\nx: y'),
      { kind: 'connect', detail: 'the token endpoint gives an answer that is no token' },
    ],
    [
      'a token that has ended',
      granted('one', 0),
      { kind: 'connect', detail: 'the token endpoint gives an answer that is no token' },
    ],
    [
      'an error in words of its own',
      reply(400, { error: 'secret=canary', error_codes: ['canary'] }),
      { kind: 'auth', detail: 'the token endpoint answers 400' },
    ],
    [
      'too much',
      { kind: 'too_large' },
      { kind: 'connect', detail: 'the token endpoint gives an answer that is no token' },
    ],
  ] as const)('is read as the fault it is: %s', (_what, answer, fault) => {
    expect(readTokenAnswer(answer)).toEqual({ kind: 'failed', fault })
  })
})
