/**
 * The catalogue of bad input, through real sockets against the whole gateway: one table, one row an input, and the
 * same checks for every row. Longer than other files because the table is the point.
 */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gatewayForTest, startGateway, type TestGateway } from '../fixtures/gateway.ts'
import { generations } from '../fixtures/mock-log.ts'
import { RawClient } from '../sockets/raw-client.ts'

const MiB = 1024 * 1024
const bodyLimit = 2 * MiB

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway({
    accounts: [
      { id: 'a1', config: { models: ['gpt-5.1', 'gpt-5.1-mini', 'gpt-4o'] } },
      { id: 'hidden', profile: { models: ['gpt-5.1-hidden'] }, config: { models: ['gpt-5.1-hidden'] } },
    ],
    clients: [{ name: 'team' }, { name: 'other', pool: 'other' }],
    pools: { default: { accounts: ['a1'] }, other: { accounts: ['hidden'] } },
    limits: { body: '2MiB', headerTimeout: '100ms', bodyIdle: '100ms' },
    mock: { captureBodies: true },
  })
})
afterAll(() => gateway.close())

type Bytes = string | Uint8Array

interface Row {
  /** Row of the catalogue. */
  readonly id: string
  readonly title: string
  readonly send: () => Bytes
  /** The client closes its side after sending. */
  readonly fin?: true
  readonly status: number
  /** Absent where the input is served. */
  readonly code?: string
  readonly param?: string
  /** What the message has to name: the what, the where, the limit, the remedy. */
  readonly says?: readonly string[]
  /** Further header lines of the answer. */
  readonly headers?: readonly RegExp[]
  /** Requests that may reach the upstream; 0 unless the input is served. */
  readonly upstream?: number
}

const head = (line: string, ...fields: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: gateway', ...fields, '', ''].join('\r\n')
const bearer = (): string => `Authorization: Bearer ${gateway.key()}`
const json = 'Content-Type: application/json'
const close = 'Connection: close'

/** A create with these fields on top of a credential, and this body after it. */
const framed = (fields: readonly string[], body: Bytes = ''): Bytes =>
  join(head('POST /v1/responses', bearer(), json, ...fields), body)

const join = (...parts: Bytes[]): Uint8Array => Buffer.concat(parts.map(part => Buffer.from(part as string)))

/** A well-framed create with this body. */
const body = (content: Bytes, ...fields: string[]): Bytes =>
  framed([close, `Content-Length: ${Buffer.byteLength(content)}`, ...fields], content)
const object = (fields: object): Bytes => body(JSON.stringify({ model: 'gpt-5.1', input: 'x', ...fields }))

/** A good create but for its credential. */
const credential = (...fields: string[]): Bytes => {
  const content = '{"model":"gpt-5.1","input":"x"}'
  return join(
    head('POST /v1/responses', ...fields, json, close, `Content-Length: ${content.length}`),
    content,
  )
}
const chunked = (...chunks: Bytes[]): Uint8Array =>
  join(
    ...chunks.flatMap(chunk => [`${Buffer.byteLength(chunk).toString(16)}\r\n`, chunk, '\r\n']),
    '0\r\n\r\n',
  )

const framing = { status: 400, code: 'bad_framing' } as const
const notFound = { status: 400, code: 'previous_response_not_found', param: 'previous_response_id' } as const
const badModel = { status: 400, param: 'model', says: ['"model"', '1 to 256'] } as const
const badType = { status: 415, code: 'unsupported_media_type', says: ['application/json'] } as const
const unknownKey = { status: 401, code: 'invalid_api_key', headers: [/^www-authenticate: Bearer/im] } as const
const malformedKey = {
  status: 401,
  code: 'malformed_authorization',
  says: ['"Bearer YOUR_KEY"', 'one space'],
  headers: [/^www-authenticate: Bearer/im],
} as const
const noRoute = { status: 404, code: 'unknown_route', says: ['nearest route is'] } as const

const rows: readonly Row[] = [
  {
    id: 'H1',
    title: 'a length and chunks',
    send: () => framed(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    ...framing,
  },
  {
    id: 'H2',
    title: 'two lengths',
    send: () => framed(['Content-Length: 5', 'Content-Length: 6'], 'hello'),
    ...framing,
  },
  ...['-1', '+3', '99999999999999999999'].map(
    (length): Row => ({
      id: 'H3',
      title: `the length ${length}`,
      send: () => framed([`Content-Length: ${length}`], 'hello'),
      ...framing,
    }),
  ),
  ...[
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding : chunked',
  ].map(
    (field): Row => ({
      id: 'H4',
      title: field,
      send: () => framed([field], '5\r\nhello\r\n0\r\n\r\n'),
      ...framing,
    }),
  ),
  {
    id: 'H5',
    title: 'a chunk size that is no number',
    send: () => framed(['Transfer-Encoding: chunked'], 'zz\r\nhello\r\n0\r\n\r\n'),
    ...framing,
  },
  {
    id: 'H5',
    title: 'a chunk extension of 20 KB',
    send: () => framed(['Transfer-Encoding: chunked'], `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`),
    status: 413,
    code: 'bad_framing',
    says: ['chunk extensions'],
  },
  {
    id: 'H6',
    title: 'bare line feeds',
    send: () => `GET /v1/models HTTP/1.1\nHost: gateway\n\n`,
    ...framing,
  },
  { id: 'H6', title: 'a folded field', send: () => head('GET /v1/models', 'A: b', ' folded'), ...framing },
  { id: 'H6', title: 'CR CR LF', send: () => 'GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\rX', ...framing },
  { id: 'H6', title: 'NUL in a field', send: () => head('GET /v1/models', 'A: \0'), ...framing },
  { id: 'H7', title: 'no Host', send: () => 'GET /v1/models HTTP/1.1\r\n\r\n', ...framing, says: ['Host'] },
  {
    id: 'H8',
    title: 'two Hosts',
    send: () => head('GET /v1/models', 'Host: other', bearer()),
    status: 400,
    code: 'duplicate_header',
    says: ['Host', 'Send it once'],
  },
  {
    id: 'H9',
    title: 'a full URL as target',
    send: () => head('GET http://evil/v1/models', bearer()),
    status: 400,
    code: 'invalid_target',
    says: ['begins with "/"'],
  },
  {
    id: 'H10',
    title: 'a field of 33 KB',
    send: () => head('GET /v1/models', bearer(), `Big: ${'x'.repeat(33 * 1024)}`),
    status: 431,
    code: 'header_too_large',
    says: ['32768', 'fewer or shorter'],
  },
  {
    id: 'H11',
    title: '3,000 fields',
    send: () => head('GET /v1/models', bearer(), ...Array.from({ length: 3000 }, () => 'a: b')),
    status: 431,
    code: 'header_too_large',
    says: ['32768'],
  },
  {
    id: 'H11',
    title: '101 fields',
    send: () => head('GET /v1/models', ...Array.from({ length: 100 }, () => 'a: b')),
    status: 431,
    code: 'too_many_headers',
    says: ['100', 'Send fewer'],
  },
  { id: 'H12', title: 'the method FOO', send: () => head('FOO /v1/models', bearer()), ...framing },
  ...['CONNECT evil:443', 'TRACE /v1/models', 'PUT /v1/responses', 'PATCH /v1/models'].map(
    (line): Row => ({
      id: 'H12',
      title: line,
      send: () => head(line, bearer(), close),
      status: 405,
      code: 'method_not_allowed',
      headers: [/^allow: .*(GET|POST)/im],
    }),
  ),
  {
    id: 'H13',
    title: 'an HTTP/2 preface',
    send: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ...framing,
    says: ['this port speaks HTTP/1.1; use no HTTP/2 prior knowledge'],
  },
  {
    id: 'H13',
    title: 'a TLS hello',
    send: () => Buffer.from('16030100a5010000a10303', 'hex'),
    ...framing,
    says: ['this port speaks HTTP/1.1 without TLS', 'http://'],
  },
  ...[
    '/v1/response',
    '/v1/responses/',
    '//v1/responses',
    '/v1/%2e%2e/v1/responses',
    '/v1/../v1/responses',
    '/v1/responses%00',
    '/v1/responses/resp_a%2f..%2fb',
    '/V1/responses',
    `/${'x'.repeat(9000)}`,
  ].map(
    (path): Row => ({
      id: 'H14',
      title: path.slice(0, 40),
      send: () => head(`POST ${path}`, bearer(), close, 'Content-Length: 0'),
      ...noRoute,
    }),
  ),
  {
    id: 'H15',
    title: 'GET where POST is served',
    send: () => head('GET /v1/embeddings', bearer(), close),
    status: 405,
    code: 'method_not_allowed',
    says: ['It serves POST'],
    headers: [/^allow: POST\r$/im],
  },
  {
    id: 'H16',
    title: 'a body announced too large',
    send: () => framed([`Content-Length: ${bodyLimit + 1}`]),
    status: 413,
    code: 'body_too_large',
    says: [`max_bytes = ${bodyLimit}`, 'Send less'],
    headers: [/^connection: close/im],
  },
  {
    id: 'H16',
    title: 'a chunked body that grows too large',
    send: () => framed(['Transfer-Encoding: chunked'], chunked(Buffer.alloc(bodyLimit, 0x20), ' ')),
    status: 413,
    code: 'body_too_large',
    says: [`max_bytes = ${bodyLimit}`],
    headers: [/^connection: close/im],
  },
  {
    id: 'H17',
    title: 'a body shorter than announced',
    send: () => framed(['Content-Length: 100'], '{"model":"gpt-5.1"'),
    fin: true,
    status: 400,
    code: 'truncated_body',
    says: ['announced length'],
  },
  {
    id: 'H18',
    title: 'a body that does not come',
    send: () => framed(['Content-Length: 100'], '{'),
    status: 408,
    code: 'body_timeout',
    says: ['100 ms'],
  },
  {
    id: 'H19',
    title: 'a head that does not end',
    send: () => 'POST /v1/responses HTTP/1.1\r\nHost: gate',
    status: 408,
    code: 'headers_timeout',
    says: ['100 ms'],
  },
  {
    id: 'H20',
    title: 'an expectation other than 100-continue',
    send: () => body('{}', 'Expect: 200-ok'),
    status: 417,
    code: 'unsupported_expectation',
    says: ['100-continue'],
  },
  {
    id: 'H21',
    title: 'a compressed bomb',
    send: () => body(gzipSync(Buffer.alloc(10 * MiB, 0x20)), 'Content-Encoding: gzip'),
    status: 415,
    code: 'unsupported_content_encoding',
    says: ['gzip', 'Send the body plain'],
  },
  ...['gzip, br', 'x-unheard-of'].map(
    (encoding): Row => ({
      id: 'H22',
      title: `the encoding ${encoding}`,
      send: () => body('{}', `Content-Encoding: ${encoding}`),
      status: 415,
      code: 'unsupported_content_encoding',
    }),
  ),
  ...['text/plain', 'multipart/form-data; boundary=x', 'application/json; charset=utf-16', ''].map(
    (type): Row => ({
      id: type.includes('utf-16') ? 'H24' : 'H23',
      title: `the content type ${type === '' ? '(none)' : type}`,
      send: () =>
        head(
          'POST /v1/responses',
          bearer(),
          close,
          'Content-Length: 2',
          ...(type === '' ? [] : [`Content-Type: ${type}`]),
        ).concat('{}'),
      ...badType,
    }),
  ),
  {
    id: 'H28',
    title: 'an upgrade nobody serves',
    send: () => head('GET /v1/models', bearer(), 'Connection: Upgrade', 'Upgrade: foo'),
    status: 400,
    code: 'unsupported_upgrade',
    says: ['foo', 'plain HTTP'],
  },

  {
    id: 'J1',
    title: 'no body',
    send: () => body(''),
    status: 400,
    code: 'empty_body',
    says: ['Send a JSON object'],
  },
  { id: 'J1', title: 'a blank body', send: () => body(' \r\n\t'), status: 400, code: 'empty_body' },
  {
    id: 'J2',
    title: 'half a body',
    send: () => body('{\n  "model":'),
    status: 400,
    code: 'invalid_json',
    says: ['line 2, column 11'],
  },
  ...['[]', '"x"', 'null', '1'].map(
    (content): Row => ({
      id: 'J3',
      title: `${content} at the top`,
      send: () => body(content),
      status: 400,
      code: 'body_must_be_object',
      says: ['JSON object'],
    }),
  ),
  {
    id: 'J4',
    title: 'a million nested arrays',
    send: () => body(`{"model":"gpt-5.1","input":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`),
    status: 400,
    code: 'too_deep',
    says: ['128 levels', 'line 1'],
  },
  {
    id: 'J5',
    title: 'invalid UTF-8',
    send: () => body(join('{"model":"gpt-5.1","input":"', new Uint8Array([0xff, 0xfe]), '"}')),
    status: 400,
    code: 'invalid_utf8',
    says: ['byte 28'],
  },
  {
    id: 'J6',
    title: 'a byte order mark',
    send: () => body('\ufeff{"model":"gpt-5.1","input":"x"}'),
    status: 200,
    upstream: 1,
  },
  {
    id: 'J7',
    title: 'half a surrogate pair, relayed as it came',
    send: () => body('{"model":"gpt-5.1","input":"\\ud800"}'),
    status: 200,
    upstream: 1,
  },
  {
    id: 'J8',
    title: 'two models',
    send: () => body('{"model":"gpt-5.1","input":"x",\n"model":"gpt-4o"}'),
    status: 400,
    code: 'duplicate_key',
    param: 'model',
    says: ['"model"', 'line 2, column 1', 'Give it once'],
  },
  {
    id: 'J8',
    title: 'two models, one of them escaped',
    send: () => body('{"model":"gpt-5.1","input":"x","mod\\u0065l":"gpt-4o"}'),
    status: 400,
    code: 'duplicate_key',
    param: 'model',
  },
  {
    id: 'J11',
    title: 'no model',
    send: () => body('{"input":"x"}'),
    code: 'missing_required_parameter',
    ...badModel,
  },
  {
    id: 'J11',
    title: 'an empty model',
    send: () => object({ model: '' }),
    code: 'invalid_value',
    ...badModel,
  },
  {
    id: 'J11',
    title: 'a model of 10 KB',
    send: () => object({ model: 'm'.repeat(10_240) }),
    code: 'invalid_value',
    ...badModel,
  },
  {
    id: 'J11',
    title: 'a number for a model',
    send: () => object({ model: 5 }),
    code: 'invalid_type',
    ...badModel,
  },
  {
    id: 'J11',
    title: 'an array for a model',
    send: () => object({ model: [] }),
    code: 'invalid_type',
    ...badModel,
  },
  {
    id: 'J11',
    title: 'control characters in a model',
    send: () => object({ model: 'gpt\n5' }),
    code: 'invalid_value',
    ...badModel,
  },
  {
    id: 'J12',
    title: 'a model nobody serves',
    send: () => object({ model: 'gpt-5.2' }),
    status: 404,
    code: 'model_not_found',
    param: 'model',
    says: ['"gpt-5.2"', 'The nearest names: gpt-5.1, '],
  },
  {
    id: 'J13',
    title: 'a model of another pool',
    send: () => object({ model: 'gpt-5.1-hidden' }),
    status: 404,
    code: 'model_not_found',
    param: 'model',
    says: ['does not exist or is not available to this key', 'gpt-5.1-mini'],
  },
  ...['true', 1].map(
    (stream): Row => ({
      id: 'J14',
      title: `stream: ${JSON.stringify(stream)}`,
      send: () => object({ stream }),
      status: 400,
      code: 'invalid_type',
      param: 'stream',
      says: ['"stream" must be true or false'],
    }),
  ),
  {
    id: 'J20',
    title: 'a previous_response_id that never was',
    send: () => object({ previous_response_id: 'resp_0123456789abcdef' }),
    ...notFound,
    says: ['resend the whole input'],
  },
  ...['msg_0123', '', '../../etc', 'r'.repeat(10_240), 'resp_\u0000'].map(
    (id): Row => ({
      id: 'J21',
      title: `previous_response_id: ${JSON.stringify(id.slice(0, 20))}`,
      send: () => object({ previous_response_id: id }),
      ...notFound,
    }),
  ),
  ...[5, {}].map(
    (id): Row => ({
      id: 'J21',
      title: `previous_response_id: ${JSON.stringify(id)}`,
      send: () => object({ previous_response_id: id }),
      status: 400,
      code: 'invalid_type',
      param: 'previous_response_id',
      says: ['the id of a response'],
    }),
  ),
  {
    id: 'J22',
    title: 'a response and a conversation',
    send: () => object({ previous_response_id: 'resp_1', conversation: 'conv_1' }),
    status: 400,
    code: 'mutually_exclusive',
    param: 'previous_response_id',
    says: ['Send one'],
  },
  {
    id: 'J30',
    title: 'something after the object',
    send: () => body('{"model":"gpt-5.1","input":"x"} {}'),
    status: 400,
    code: 'invalid_json',
    says: ['line 1, column 33'],
  },

  {
    id: 'A1',
    title: 'no credential',
    send: () => credential(),
    status: 401,
    code: 'missing_api_key',
    says: ['Authorization: Bearer YOUR_KEY'],
    headers: [/^www-authenticate: Bearer/im],
  },
  ...['Bearer', 'Bearer  two-spaces-0123456789', 'Bearer\ttab-0123456789', 'Basic dXNlcjpwYXNz'].map(
    (value): Row => ({
      id: 'A2',
      title: JSON.stringify(value),
      send: () => credential(`Authorization: ${value}`),
      ...malformedKey,
    }),
  ),
  {
    id: 'A2',
    title: 'a scheme in lower case',
    send: () => credential(`authorization: bearer ${gateway.key()}`),
    status: 200,
    upstream: 1,
  },
  ...[
    'hg-unknown-0123456789',
    "'OR-1=1--",
    '%25%00',
    '%',
    'k'.repeat(8192),
    '\u00e9\u00e8\u00ea-latin-1',
  ].map(
    (key): Row => ({
      id: key.startsWith('hg-') ? 'A4' : 'A5',
      title: `the key ${key.slice(0, 24)}`,
      send: () => Buffer.from(credential(`Authorization: Bearer ${key}`) as Uint8Array),
      ...unknownKey,
    }),
  ),
  {
    id: 'A5',
    title: 'a key with spaces',
    send: () => credential("Authorization: Bearer ' OR 1=1--"),
    ...malformedKey,
  },
  {
    id: 'A5',
    title: 'NUL in a key',
    send: () => credential('Authorization: Bearer abc\0def-0123456789'),
    ...framing,
  },
  {
    id: 'A6',
    title: 'two Authorization fields',
    send: () => credential(bearer(), 'Authorization: Bearer other-0123456789'),
    status: 400,
    code: 'duplicate_credentials',
    says: ['Authorization', 'Send one credential'],
  },
  {
    id: 'A7',
    title: 'keys that differ',
    send: () => credential(bearer(), 'x-api-key: other-0123456789'),
    status: 400,
    code: 'conflicting_credentials',
    says: ['Authorization', 'x-api-key', 'Send one credential'],
  },
  ...['api_key', 'api-key', 'key', 'access_token'].map(
    (name): Row => ({
      id: 'A8',
      title: `the key as ?${name}=`,
      send: () => head(`GET /v1/models?${name}=${gateway.key()}`, close),
      status: 400,
      code: 'credentials_in_query',
      says: [name, 'Authorization header'],
    }),
  ),
  {
    id: 'A9',
    title: 'a pool of another client',
    send: () => body('{"model":"gpt-5.1","input":"x"}', 'X-Headgate-Pool: other'),
    status: 404,
    code: 'pool_not_found',
    says: ['other', 'does not exist or is not available to this key'],
  },
  {
    id: 'A9',
    title: 'a model of another client’s pool',
    send: () => body('{"model":"gpt-5.1-hidden","input":"x"}'),
    status: 404,
    code: 'model_not_found',
    param: 'model',
    says: ['gpt-5.1-hidden', 'gpt-5.1-mini'],
  },
  {
    id: 'A10',
    title: 'addresses and a host of the client’s own making',
    send: () =>
      body(
        '{"model":"gpt-5.1","input":"x"}',
        'X-Forwarded-For: 127.0.0.1',
        'Forwarded: for=127.0.0.1;host=evil.test;proto=https',
        'X-Forwarded-Host: evil.test',
        'X-Forwarded-Proto: https',
      ),
    status: 200,
    upstream: 1,
  },
  {
    id: 'A11',
    title: 'headers that would choose an account',
    send: () => body('{"model":"gpt-5.1","input":"x"}', 'X-Account-Id: hidden', 'X-Headgate-Account: hidden'),
    status: 200,
    upstream: 1,
  },
  {
    id: 'A12',
    title: 'two pools',
    send: () => body('{"model":"gpt-5.1","input":"x"}', 'X-Headgate-Pool: default', 'X-Headgate-Pool: other'),
    status: 400,
    code: 'duplicate_header',
    says: ['x-headgate-pool'],
  },
  {
    id: 'A13',
    title: 'a field named __proto__',
    send: () => body('{"model":"gpt-5.1","input":"x"}', '__proto__: x', 'constructor: y'),
    status: 200,
    upstream: 1,
  },
  {
    id: 'A12',
    title: 'two session fields',
    send: () => body('{"model":"gpt-5.1","input":"x"}', 'Session-Id: one', 'Session-Id: two'),
    status: 400,
    code: 'duplicate_header',
    says: ['session-id'],
  },
]

async function exchange(row: Row): Promise<Awaited<ReturnType<RawClient['untilClosed']>>> {
  const client = await RawClient.open(gateway.port)
  client.send(row.send())
  if (row.fin) client.socket.end()
  const answer = await client.untilClosed()
  client.close()
  return answer
}

/** A value is repeated up to 100 characters; in one message the method stands before the path as it did in the input. */
const maxEcho = 100 + 'POST '.length

function echoes(text: string, input: Bytes): boolean {
  const sent = Buffer.from(input as string).toString('latin1')
  for (let start = 0; start + maxEcho < text.length; start++) {
    if (sent.includes(text.slice(start, start + maxEcho + 1))) return true
  }
  return false
}

describe('bad input', () => {
  it.each(rows)('$id: $title is answered $status $code and costs nothing', async row => {
    const before = gateway.mock.requests().length
    const { text, status, json: answer } = await exchange(row)

    expect(status, text.slice(0, 600)).toBe(row.status)
    for (const field of row.headers ?? []) expect(text).toMatch(field)
    expect(text).not.toContain(gateway.key())
    if (row.code !== undefined) {
      expect(Object.keys(answer!).sort()).toEqual(['error', 'request_id'])
      expect(answer!.error, text).toMatchObject({ code: row.code, type: expect.any(String) })
      expect(answer!.error).toHaveProperty('param', row.param ?? null)
      expect(answer!.error.message).toMatch(/\.$|The nearest names: .+$/)
      for (const words of row.says ?? []) expect(answer!.error.message).toContain(words)
      expect(echoes(answer!.error.message, row.send())).toBe(false)
    }

    expect(gateway.mock.requests()).toHaveLength(before + (row.upstream ?? 0))
    expect(await gateway.slotsInUse()).toBe(0)
    const good = await gateway.fetch('/v1/responses', { json: { model: 'gpt-5.1', input: 'still here' } })
    expect([good.status, (await good.json()).status]).toEqual([200, 'completed'])
  })

  it('H20: 100-continue is answered only to a credential that holds', async () => {
    const content = '{"model":"gpt-5.1","input":"x"}'
    const announce = (field: string): string =>
      head(
        'POST /v1/responses',
        field,
        json,
        close,
        'Expect: 100-continue',
        `Content-Length: ${content.length}`,
      )
    const welcome = await RawClient.open(gateway.port)
    await welcome.send(announce(bearer())).until(text => text.includes('100 Continue'))
    const served = await welcome.send(content).untilClosed()
    expect(served.text).toContain('HTTP/1.1 200 OK')
    const refused = await RawClient.open(gateway.port)
    const refusal = await refused.send(announce('Authorization: Bearer hg-unknown-0123456789')).untilClosed()
    expect(refusal.status).toBe(401)
    expect(refusal.text).not.toContain('100 Continue')
    for (const client of [welcome, refused]) client.close()
  })

  it('J7: relays half a surrogate pair byte for byte', async () => {
    await exchange(rows.find(({ id }) => id === 'J7')!)
    expect(generations(gateway.mock).at(-1)!.body).toBe('{"model":"gpt-5.1","input":"\\ud800"}')
  })

  it('J13: tells a model of another pool and one that never was in the same words', async () => {
    const told = async (model: string): Promise<string> => {
      const answer = await gateway.fetch('/v1/responses', { json: { model, input: 'x' } })
      const { error } = (await answer.json()) as { error: { message: string } }
      return error.message.replace(model, '<model>')
    }
    expect(await told('gpt-5.1-hidden')).toBe(await told('gpt-5.1-hidder'))
    const names = await gateway.sdk().models.list()
    expect(names.data.map(({ id }) => id)).not.toContain('gpt-5.1-hidden')
  })

  it('A4: a key that was revoked is answered like one that never was', async () => {
    const own = await gatewayForTest({ clients: [{ name: 'team' }, { name: 'leaver' }] })
    const told = async (authorization: string): Promise<unknown> => {
      const answer = await fetch(`${own.url}/v1/models`, { headers: { authorization } })
      const { error } = (await answer.json()) as { error: unknown }
      const headers = [...answer.headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
      return [answer.status, headers, error]
    }
    const revoked = `Bearer ${own.key('leaver')}`
    expect((await fetch(`${own.url}/v1/models`, { headers: { authorization: revoked } })).status).toBe(200)
    await own.reload({ clients: [{ name: 'team' }] })
    expect(await told(revoked)).toEqual(await told('Bearer hg-unknown-0123456789'))
    expect(await told(revoked)).toMatchObject({ 0: 401 })
  })
})
