import { describe, expect, it } from 'vitest'
import type { UpstreamFault } from '../../wire/upstream.ts'
import { type InBandFailure, readFailure } from '../tap/failure.ts'
import { judgeFault, judgeInBand, judgeReply, type Verdict } from './outcome.ts'
import { retryAfterMs } from './retry-after.ts'

const now = Date.UTC(2026, 0, 1)
const context = { nowWallMs: now, continuesResponse: false, model: 'gpt-5' }
const failure = (fields: Partial<InBandFailure>): InBandFailure => readFailure({ message: '', ...fields })
const answerOf = ({ answer }: Verdict) => (answer === 'relay' ? 'relay' : `${answer.status} ${answer.code}`)
const line = (verdict: Verdict) =>
  `${verdict.outcome.kind}, ${verdict.mayFailOver ? 'fails over' : 'stays'}, ${answerOf(verdict)}`

describe('judgeReply', () => {
  it.each<[number, Partial<InBandFailure> | undefined, string]>([
    [400, { type: 'invalid_request_error' }, 'client_error, stays, relay'],
    [400, { code: 'invalid_encrypted_content' }, 'client_error, stays, relay'],
    [400, { code: 'content_policy_violation' }, 'policy, stays, relay'],
    [400, { code: 'previous_response_not_found' }, 'client_error, stays, 400 previous_response_not_found'],
    [400, undefined, 'server_error, fails over, 502 upstream_bad_response'],
    [401, { code: 'invalid_api_key', message: 'sk-...abcd' }, 'auth_broken, fails over, 502 upstream_auth'],
    [402, {}, 'quota_exhausted, fails over, 429 insufficient_quota'],
    [403, {}, 'auth_broken, fails over, 502 upstream_auth'],
    [403, { code: 'model_not_found' }, 'client_error, fails over, 404 model_not_found'],
    [403, { code: 'content_policy_violation' }, 'policy, stays, relay'],
    [
      401,
      { message: 'You have insufficient permissions. Missing scopes: api.files.write.' },
      'client_error, fails over, 502 upstream_route_missing',
    ],
    [404, { code: 'model_not_found' }, 'client_error, fails over, 404 model_not_found'],
    [404, { code: 'DeploymentNotFound' }, 'client_error, fails over, 404 model_not_found'],
    [404, { message: 'The model `x` does not exist.' }, 'client_error, fails over, 404 model_not_found'],
    [404, { message: "Item with id 'rs_1' not found." }, 'client_error, stays, relay'],
    [404, undefined, 'client_error, fails over, 502 upstream_route_missing'],
    [404, {}, 'client_error, fails over, 502 upstream_route_missing'],
    [405, undefined, 'client_error, fails over, 502 upstream_route_missing'],
    [408, {}, 'timeout, fails over, 504 upstream_timeout'],
    [409, { code: 'conversation_locked' }, 'client_error, stays, relay'],
    [422, {}, 'client_error, stays, relay'],
    [
      429,
      { code: 'rate_limit_exceeded', type: 'tokens' },
      'rate_limited, fails over, 429 rate_limit_exceeded',
    ],
    [429, undefined, 'rate_limited, fails over, 429 rate_limit_exceeded'],
    [429, { type: 'insufficient_quota' }, 'quota_exhausted, fails over, 429 insufficient_quota'],
    [429, { code: 'credit_balance_exhausted' }, 'quota_exhausted, fails over, 429 insufficient_quota'],
    [500, { type: 'server_error' }, 'server_error, fails over, 500 upstream_error'],
    [500, undefined, 'server_error, fails over, 502 upstream_error'],
    [503, { code: 'server_is_overloaded' }, 'overloaded, fails over, 503 server_is_overloaded'],
    [504, undefined, 'timeout, fails over, 502 upstream_error'],
    [529, undefined, 'overloaded, fails over, 503 server_is_overloaded'],
    [302, undefined, 'server_error, fails over, 502 upstream_redirect'],
  ])('%i %j: %s', (status, fields, expected) => {
    expect(line(judgeReply(status, [], fields && failure(fields), context))).toBe(expected)
  })

  it('takes a server’s own 404 for a lost response when the request continued one', () => {
    const lost = failure({ message: "Response with id 'resp_1' not found." })
    const verdict = judgeReply(404, [], lost, { ...context, continuesResponse: true })
    expect(line(verdict)).toBe('client_error, stays, 400 previous_response_not_found')
  })

  it('repeats nothing of an account’s error', () => {
    for (const status of [401, 403, 429, 500, 503]) {
      const { answer } = judgeReply(
        status,
        [],
        failure({ message: 'org-secret at https://internal' }),
        context,
      )
      expect(answer !== 'relay' && answer.message).not.toContain('secret')
    }
  })

  it('leaves an account alone until the time it named, and tells the client', () => {
    const verdict = judgeReply(429, [['retry-after', '20']], undefined, context)
    expect(verdict.outcome).toEqual({ kind: 'rate_limited', untilMs: now + 20_000 })
    expect(verdict.answer).toMatchObject({ retryAfterMs: 20_000 })
    expect(judgeReply(503, [], undefined, context).outcome).toEqual({ kind: 'overloaded' })
  })

  it('takes the reset of a spent window where no Retry-After says more, up to a minute', () => {
    const spent = (reset: string): [string, string][] => [
      ['x-ratelimit-remaining-requests', '0'],
      ['x-ratelimit-reset-requests', reset],
    ]
    const until = (headers: [string, string][]) => judgeReply(429, headers, undefined, context).outcome
    expect(until(spent('12s'))).toEqual({ kind: 'rate_limited', untilMs: now + 12_000 })
    expect(until(spent('12h0m0s'))).toEqual({ kind: 'rate_limited', untilMs: now + 60_000 })
    expect(until([...spent('12s'), ['retry-after', '3']])).toEqual({
      kind: 'rate_limited',
      untilMs: now + 3000,
    })
  })

  it('takes an account without quota out until the reset it names, else until it is shown to work', () => {
    const outOf = (error: object, headers: [string, string][] = []) =>
      judgeReply(429, headers, readFailure({ type: 'usage_limit_reached', ...error }), context).outcome
    const inSeconds = now / 1000
    expect(outOf({ resets_at: inSeconds + 7200 })).toEqual({
      kind: 'quota_exhausted',
      untilMs: now + 7_200_000,
    })
    expect(outOf({ resets_in_seconds: 90 })).toEqual({ kind: 'quota_exhausted', untilMs: now + 90_000 })
    for (const error of [{}, { resets_at: inSeconds - 1 }, { resets_at: 'soon' }, { resets_in_seconds: -5 }])
      expect(outOf(error, [['retry-after', '5']])).toEqual({ kind: 'quota_exhausted' })
    const daily = (reset: string): [string, string][] => [
      ['x-ratelimit-remaining-requests', '0'],
      ['x-ratelimit-reset-requests', reset],
    ]
    expect(outOf({}, daily('3h0m0s'))).toEqual({ kind: 'quota_exhausted', untilMs: now + 10_800_000 })
    expect(outOf({}, daily('20s'))).toEqual({ kind: 'quota_exhausted' })
  })
})

describe('a pool’s rules for answers that block an account', () => {
  const blocks = [
    { status: 403, words: ['organization disabled', 'suspended'], forMs: 1_800_000 },
    { status: 403, words: ['suspended'], forMs: 3_600_000 },
    { status: 418, words: [], forMs: 1000 },
    { status: 400, words: ['region'], forMs: 1000 },
  ]
  const judge = (status: number, error: object | undefined, text?: string) =>
    judgeReply(status, [], error && readFailure(error), { ...context, blocks, text })
  const blocked = (ms: number) => ({ kind: 'blocked', untilMs: now + ms })

  it('go by the status and one of the words, in any case, in the code, the type or the message', () => {
    expect(judge(403, { message: 'Your Organization Disabled it.' }).outcome).toEqual(blocked(1_800_000))
    expect(judge(403, { code: 'account_SUSPENDED' }).outcome).toEqual(blocked(3_600_000))
    expect(judge(403, { message: 'no' }).outcome).toEqual({ kind: 'auth_broken' })
    expect(judge(401, { message: 'suspended' }).outcome).toEqual({ kind: 'auth_broken' })
    expect(judge(418, {}).outcome).toEqual(blocked(1000))
  })

  it('look into a body that is no JSON', () => {
    expect(judge(403, undefined, '<h1>Suspended</h1>').outcome).toEqual(blocked(3_600_000))
    expect(judge(403, undefined).outcome).toEqual({ kind: 'auth_broken' })
  })

  it('send the request to another account, and keep the upstream’s words from the client', () => {
    expect(line(judge(400, { message: 'Not in your region.' }))).toBe(
      'blocked, fails over, 502 upstream_auth',
    )
    expect(line(judge(403, { message: 'suspended' }))).toBe('blocked, fails over, 502 upstream_auth')
    expect(line(judge(400, { message: 'bad' }))).toBe('client_error, stays, relay')
  })
})

describe('judgeInBand', () => {
  it.each<[Partial<InBandFailure>, string]>([
    [{ code: 'server_error' }, 'server_error, fails over, 502 upstream_failed'],
    [{ code: 'rate_limit_exceeded' }, 'rate_limited, fails over, 429 rate_limit_exceeded'],
    [{ code: 'insufficient_quota' }, 'quota_exhausted, fails over, 429 insufficient_quota'],
    [{ code: 'server_is_overloaded' }, 'overloaded, fails over, 503 server_is_overloaded'],
    [{ code: 'invalid_prompt' }, 'client_error, stays, relay'],
    [{ code: 'bio_policy' }, 'policy, stays, relay'],
    [{ code: 'invalid_image' }, 'client_error, stays, relay'],
    [{ code: 'vector_store_timeout' }, 'client_error, stays, relay'],
    [{}, 'server_error, fails over, 502 upstream_failed'],
    [{ type: 'server_error' }, 'server_error, fails over, 502 upstream_failed'],
    [{ code: '502' }, 'server_error, fails over, 502 upstream_failed'],
    [{ code: '429' }, 'rate_limited, fails over, 429 rate_limit_exceeded'],
    [{ code: '400' }, 'client_error, stays, relay'],
  ])('%j: %s', (fields, expected) => {
    expect(line(judgeInBand(failure(fields), context))).toBe(expected)
  })
})

describe('judgeFault', () => {
  it.each<[UpstreamFault, string]>([
    [{ kind: 'connect', detail: '' }, 'transport_error, fails over, 502 upstream_unreachable'],
    [{ kind: 'tls', detail: '' }, 'transport_error, fails over, 502 upstream_tls'],
    [{ kind: 'headers_timeout' }, 'timeout, fails over, 504 upstream_timeout'],
    [{ kind: 'idle_timeout' }, 'timeout, fails over, 504 upstream_timeout'],
    [{ kind: 'closed', detail: '' }, 'transport_error, fails over, 502 upstream_disconnected'],
    [{ kind: 'protocol', detail: '' }, 'transport_error, fails over, 502 upstream_protocol'],
  ])('%j: %s', (fault, expected) => {
    expect(line(judgeFault(fault))).toBe(expected)
  })
})

describe('retryAfterMs', () => {
  it.each([
    ['retry-after', '7', 7000],
    ['retry-after', '0.5', 500],
    ['retry-after-ms', '1500', 1500],
    ['retry-after', new Date(now + 30_000).toUTCString(), 30_000],
    ['retry-after', new Date(now - 30_000).toUTCString(), undefined],
    ['retry-after', '1000000000', 60_000],
    ['retry-after', '-1', undefined],
    ['retry-after', '0', undefined],
    ['retry-after', 'abc', undefined],
    ['retry-after', '1e9', undefined],
    ['retry-after', '', undefined],
    ['retry-after', 'Mon, nonsense', undefined],
    ['retry-after-ms', 'NaN', undefined],
  ])('reads %s: %s as %s', (name, value, expected) => {
    expect(retryAfterMs([[name, value]], now)).toBe(expected)
  })

  it('prefers milliseconds, and falls back when they are garbage', () => {
    expect(
      retryAfterMs(
        [
          ['retry-after', '7'],
          ['retry-after-ms', '100'],
        ],
        now,
      ),
    ).toBe(100)
    expect(
      retryAfterMs(
        [
          ['retry-after', '7'],
          ['retry-after-ms', '-1'],
        ],
        now,
      ),
    ).toBe(7000)
  })
})
