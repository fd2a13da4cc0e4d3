import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanText } from './clean-text.ts'
import { type ErrorCode, errorCatalogue } from './error-catalogue.ts'
import { errorBody, errorEvent, errorHeaders, GatewayError, isGatewayError } from './errors.ts'

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const header = (error: GatewayError, name: string): string | undefined =>
  errorHeaders(error, 'req_1', 2).find(([field]) => field === name)?.[1]

describe('GatewayError', () => {
  it('is answered in the shape of the API, with the request id beside it', () => {
    const error = new GatewayError('missing_required_parameter', {
      param: 'model',
      values: { param: 'model', expected: 'a string' },
    })
    expect(JSON.parse(textOf(errorBody(error, 'req_1')))).toEqual({
      error: {
        message: '"model" is required and must be a string.',
        type: 'invalid_request_error',
        param: 'model',
        code: 'missing_required_parameter',
      },
      request_id: 'req_1',
    })
  })

  it('repeats at most 100 cleaned characters of any input, and nothing that looks like a key', () => {
    const given = `\u0000\r\n\u202esk-proj-abcdef123456 Bearer abc eyJhbGciOiJIUzI1NiJ9.e30.x ${'y'.repeat(9000)}`
    const { message } = new GatewayError('unsupported_media_type', { values: { given } })
    expect(message.length).toBeLessThan(200)
    expect(message).not.toMatch(/sk-proj|Bearer abc|eyJ|[\p{Cc}\u202e]/u)
  })

  it('is recognised when it comes from another copy of the module', () => {
    expect(isGatewayError({ [Symbol.for('headgate.gateway.error')]: true })).toBe(true)
    expect(isGatewayError(new Error('x'))).toBe(false)
    expect(isGatewayError(null)).toBe(false)
  })

  it('leaves no place of a message unfilled when its values are given', () => {
    for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
      const places = [...errorCatalogue[code].message.matchAll(/\{(\w+)\}/g)].map(found => found[1]!)
      const values = Object.fromEntries(places.map(place => [place, 'v']))
      expect(new GatewayError(code, { values }).message).not.toMatch(/\{\w+\}/)
    }
  })
})

describe('the retry headers', () => {
  it('tell when to come back, rounded up to whole seconds', () => {
    const error = new GatewayError('queue_full', { retryAfterMs: 1200 })
    expect(header(error, 'retry-after')).toBe('2')
    expect(header(error, 'x-should-retry')).toBeUndefined()
  })

  it('tell the client not to retry what the gateway has tried already', () => {
    expect(header(new GatewayError('upstream_auth'), 'x-should-retry')).toBe('false')
    expect(header(new GatewayError('upstream_auth'), 'retry-after')).toBeUndefined()
  })

  it('prefer a known time to a general refusal', () => {
    const error = new GatewayError('upstream_error', { status: 503, retryAfterMs: 3000 })
    expect(header(error, 'retry-after')).toBe('3')
    expect(header(error, 'x-should-retry')).toBeUndefined()
  })

  it('say nothing on a plain mistake of the client', () => {
    expect(header(new GatewayError('invalid_json'), 'x-should-retry')).toBeUndefined()
  })

  it('challenge on 401 and carry the headers of the one error', () => {
    expect(header(new GatewayError('missing_api_key'), 'www-authenticate')).toMatch(/^Bearer/)
    expect(header(new GatewayError('method_not_allowed', { headers: [['allow', 'GET']] }), 'allow')).toBe(
      'GET',
    )
  })
})

describe('errorEvent', () => {
  it('is a named, flat event in the Responses dialect', () => {
    expect(textOf(errorEvent('responses', new GatewayError('upstream_truncated'), 7))).toBe(
      'event: error\ndata: {"type":"error","code":"upstream_truncated",' +
        '"message":"The upstream ended its answer before it was complete.","param":null,"sequence_number":7}\n\n',
    )
  })

  it('is a bare error chunk in the Chat dialect', () => {
    const text = textOf(errorEvent('chat', new GatewayError('upstream_truncated'), 7))
    expect(text).toMatch(/^data: \{"error":\{.*\}\}\n\n$/)
  })

  it('stays one event whatever the message repeats', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), given => {
        const error = new GatewayError('upstream_bad_content_type', {
          values: { given: `${given}\r\n\ndata: x` },
        })
        for (const format of ['responses', 'chat'] as const) {
          const lines = textOf(errorEvent(format, error, 0)).split(/\r\n|\r|\n/)
          expect(lines.filter(line => line.startsWith('data:'))).toHaveLength(1)
        }
      }),
    )
  })
})

describe('cleanText', () => {
  it('is never longer than 100 characters and holds no control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), text => {
        const clean = cleanText(text)
        expect(clean.length).toBeLessThanOrEqual(100)
        expect(clean).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
      }),
    )
  })
})
