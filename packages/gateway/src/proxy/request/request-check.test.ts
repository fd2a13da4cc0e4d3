import { describe, expect, it } from 'vitest'
import { isGatewayError } from '../errors/errors.ts'
import { matchRoute } from '../routing/route.ts'
import { checkContentHeaders, checkCreate } from './request-check.ts'
import { scanRequest } from './scan.ts'

const scan = (body: object) => scanRequest(new TextEncoder().encode(JSON.stringify(body)))
const responses = matchRoute('POST', '/v1/responses')
const chat = matchRoute('POST', '/v1/chat/completions')

function refusal(run: () => unknown): string {
  try {
    run()
    return 'accepted'
  } catch (error) {
    if (isGatewayError(error))
      return `${error.status} ${error.code}${error.param === null ? '' : ` ${error.param}`}`
    throw error
  }
}
const create = (body: object) => refusal(() => checkCreate(responses, scan({ model: 'm', ...body })))

describe('checkCreate', () => {
  it.each([
    [{}, undefined],
    [{ max_tokens: 100 }, 100],
    [{ max_completion_tokens: 100, n: 3 }, 300],
    [{ max_tokens: 100, n: null }, 100],
    [{ max_tokens: 100, n: 0 }, 100],
    [{ max_tokens: 1, n: 1_000_000 }, 128],
    [{ n: 3 }, undefined],
  ])('expects of %j at most %s tokens, over all choices', (bounds, expected) => {
    expect(checkCreate(chat, scan({ model: 'm', ...bounds })).maxOutputTokens).toBe(expected)
  })

  it('reads the routing facts and their defaults', () => {
    expect(checkCreate(responses, scan({ model: 'm' }))).toMatchObject({
      model: 'm',
      stream: false,
      store: true,
      background: false,
      continues: undefined,
    })
    expect(
      checkCreate(responses, scan({ model: 'm', stream: true, store: false, background: true })),
    ).toMatchObject({ stream: true, store: false, background: true })
    expect(
      checkCreate(responses, scan({ model: 'm', stream: null, previous_response_id: null })),
    ).toMatchObject({
      stream: false,
      continues: undefined,
    })
  })

  it('makes no estimate of an output bound that nothing could be', () => {
    const bound = (written: string) =>
      checkCreate(responses, scanRequest(Buffer.from(`{"model":"m","max_output_tokens":${written}}`)))
        .maxOutputTokens
    expect(bound('4096')).toBe(4096)
    for (const written of ['0', '-5', '1e999', '9e99', '1e9', '99999999999', '"7"', 'null'])
      expect(bound(written), written).toBeUndefined()
  })

  it('takes a chat request for stateless, whatever it holds', () => {
    expect(checkCreate(chat, scan({ model: 'm', previous_response_id: 5 })).continues).toBeUndefined()
  })

  it('accepts a model name of any script and refuses what is none', () => {
    expect(create({ model: 'meta/ünï-😀:free' })).toBe('accepted')
    for (const model of ['', 'x'.repeat(257), 'x'.repeat(10_000), 'a\nb', '\u0000', '\ud800']) {
      expect(create({ model })).toBe('400 invalid_value model')
    }
    for (const model of [5, null, [], {}, true]) expect(create({ model })).toBe('400 invalid_type model')
    expect(refusal(() => checkCreate(responses, scan({})))).toBe('400 missing_required_parameter model')
  })

  it.each(['stream', 'store', 'background'])('requires %s to be a boolean', name => {
    for (const value of ['true', 1, [], {}])
      expect(create({ [name]: value })).toBe(`400 invalid_type ${name}`)
  })

  it('gives every id that cannot be one the same answer as an unknown one', () => {
    for (const id of ['', 'x'.repeat(10_240), 'a b', '../x', 'resp_é', 'resp_\u0000']) {
      expect(create({ previous_response_id: id })).toBe(
        '400 previous_response_not_found previous_response_id',
      )
    }
    for (const id of [5, {}, [], false]) {
      expect(create({ previous_response_id: id })).toBe('400 invalid_type previous_response_id')
    }
  })

  it('reads a conversation as text or as an object, and gives both one key', () => {
    const text = checkCreate(responses, scan({ model: 'm', conversation: 'conv_1' })).continues
    const object = checkCreate(responses, scan({ model: 'm', conversation: { id: 'conv_1' } })).continues
    expect(text).toEqual(object)
    expect(text).toMatchObject({ kind: 'conversation', id: 'conv_1' })
    for (const conversation of ['', 'a/b', { id: '' }, { id: 5 }, { id: 'x'.repeat(5000) }]) {
      expect(create({ conversation })).toBe('404 conversation_not_found conversation')
    }
    for (const conversation of [5, [], {}]) {
      expect(create({ conversation })).toBe('400 invalid_value conversation')
    }
  })

  it('refuses both ways of continuing at once', () => {
    expect(create({ previous_response_id: 'resp_1', conversation: 'conv_1' })).toBe(
      '400 mutually_exclusive previous_response_id',
    )
  })
})

describe('checkContentHeaders', () => {
  const of = (...headers: [string, string][]) => refusal(() => checkContentHeaders(headers))

  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
  ])('accepts %s', value => {
    expect(of(['content-type', value])).toBe('accepted')
  })

  it.each([
    'text/plain',
    'application/json\t; x',
    'application/jsonx',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    `application/json;${' '.repeat(10_000)}`,
    '',
  ])('refuses %j', value => {
    expect(of(['content-type', value])).toBe('415 unsupported_media_type')
  })

  it('refuses a missing content type, a doubled one and every content encoding', () => {
    expect(of()).toBe('415 unsupported_media_type')
    expect(of(['content-type', 'application/json'], ['content-type', 'text/plain'])).toBe(
      '400 duplicate_header',
    )
    for (const encoding of ['gzip', 'gzip, gzip', 'zstd', 'nonsense']) {
      expect(of(['content-type', 'application/json'], ['content-encoding', encoding])).toBe(
        '415 unsupported_content_encoding',
      )
    }
    expect(of(['content-type', 'application/json'], ['content-encoding', 'identity'])).toBe('accepted')
  })
})
