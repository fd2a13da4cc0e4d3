import { createManualClock } from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import { createTokenGate } from './token-gate.ts'

const token = 'the-admin-token-0123'

function setUp() {
  const clock = createManualClock()
  const gate = createTokenGate(clock)
  const tell = (authorization: string | undefined, address = 'x') =>
    gate.refusal(authorization, token, address)?.code
  return { clock, tell, guess: (address?: string) => tell('Bearer wrong', address), gate }
}

describe('the token gate', () => {
  it('lets in whoever presents the token as a bearer, and nobody else', () => {
    const { tell } = setUp()
    expect([`Bearer ${token}`, `bearer ${token}`, `Bearer  ${token} `].map(one => tell(one))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    for (const one of [
      token,
      `Basic ${token}`,
      `Bearer ${token} x`,
      'Bearer ',
      'Bearer',
      '',
      `Bearer ${token}é`,
    ])
      expect([one, tell(one)]).toEqual([one, 'admin_token_invalid'])
    expect(tell(undefined)).toBe('admin_token_required')
  })

  it('looks at no token of an address that guessed ten times within a minute', () => {
    const { clock, tell, guess, gate } = setUp()
    for (let i = 0; i < 10; i++) expect(guess()).toBe('admin_token_invalid')
    clock.advance(20_000)
    expect(tell(`Bearer ${token}`)).toBe('too_many_attempts')
    expect(gate.refusal('Bearer wrong', token, 'x')?.retryAfterMs).toBe(40_000)
    expect(tell(`Bearer ${token}`, 'y')).toBeUndefined()
    clock.advance(40_000)
    expect(tell(`Bearer ${token}`)).toBeUndefined()
  })

  it('takes all addresses of one IPv6 network for one', () => {
    const { tell, guess } = setUp()
    for (let i = 0; i < 10; i++) guess(`2001:db8:1:2::${i}`)
    expect(tell(`Bearer ${token}`, '2001:db8:1:2:ffff::1')).toBe('too_many_attempts')
    expect(tell(`Bearer ${token}`, '2001:db8:1:3::1')).toBeUndefined()
  })

  it('takes a request without a token for no guess', () => {
    const { tell } = setUp()
    for (let i = 0; i < 50; i++) tell(undefined)
    expect(tell(`Bearer ${token}`)).toBeUndefined()
  })

  it('remembers a bounded number of addresses', () => {
    const { tell, guess } = setUp()
    for (let i = 0; i < 10; i++) guess('first')
    for (let i = 0; i < 10_000; i++) guess(`10.0.${i}`)
    expect(tell(`Bearer ${token}`, 'first')).toBeUndefined()
  })
})
