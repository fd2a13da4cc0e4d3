/** One table; longer than other files because the table is the point. */
import { gzipSync } from 'node:zlib'
import type { Row } from './suite.ts'
import { ask, body, chunked, close, framed, good, head, object, type Send } from './wire.ts'

const MiB = 1024 * 1024
const bodyLimit = 2 * MiB

const framing = { status: 400, code: 'bad_framing', connection: 'closes' } as const
const tooLarge = {
  status: 413,
  code: 'body_too_large',
  says: [`max_bytes = ${bodyLimit}`, 'Send less'],
  headers: [/^connection: close/im],
  connection: 'closes',
} as const
const noRoute = { status: 404, code: 'unknown_route', says: ['nearest route is'] } as const
const badType = { status: 415, code: 'unsupported_media_type', says: ['application/json'] } as const
const badEncoding = {
  status: 415,
  code: 'unsupported_content_encoding',
  says: ['Send the body plain'],
  // Its body is not read to its end.
  connection: 'closes',
} as const
const served = { status: 200, upstream: { body: good() } } as const

const raw =
  (text: string | Uint8Array): Send =>
  () =>
    text

/** What two readers could take for two different messages. */
const framings: readonly Row[] = [
  {
    input: 'a length and chunks together',
    send: framed(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    ...framing,
  },
  { input: 'two lengths', send: framed(['Content-Length: 5', 'Content-Length: 6'], 'hello'), ...framing },
  ...['-1', '+3', '99999999999999999999', '0x10', '5, 5', ''].map(
    (length): Row => ({
      input: `the length ${JSON.stringify(length)}`,
      send: framed([`Content-Length: ${length}`], 'hello'),
      ...framing,
    }),
  ),
  ...[
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding : chunked',
  ].map((field): Row => ({ input: field, send: framed([field], '5\r\nhello\r\n0\r\n\r\n'), ...framing })),
  {
    input: 'a chunk size that is no number',
    send: framed(['Transfer-Encoding: chunked'], 'zz\r\nhello\r\n0\r\n\r\n'),
    ...framing,
  },
  {
    input: 'a chunk extension of 20 KB',
    send: framed(['Transfer-Encoding: chunked'], `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`),
    ...framing,
    status: 413,
    says: ['chunk extensions'],
  },
  { input: 'bare line feeds', send: raw('GET /v1/models HTTP/1.1\nHost: gateway\n\n'), ...framing },
  { input: 'a folded field', send: raw(head('GET /v1/models', 'A: b', ' folded')), ...framing },
  { input: 'CR CR LF', send: raw('GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\rX'), ...framing },
  { input: 'NUL in a field', send: raw(head('GET /v1/models', 'A: \0')), ...framing },
  { input: 'a bare CR in a field', send: ask('GET /v1/models', 'X-Request-Id: a\rb'), ...framing },
  { input: 'no Host', send: raw('GET /v1/models HTTP/1.1\r\n\r\n'), ...framing, says: ['Host'] },
  {
    input: 'two Hosts',
    send: ask('GET /v1/models', 'Host: other'),
    status: 400,
    code: 'duplicate_header',
    says: ['Host', 'Send it once'],
    connection: 'closes',
  },
  ...['GET http://evil/v1/models', 'OPTIONS *'].map(
    (line): Row => ({
      input: `the target of ${line}`,
      send: ask(line),
      status: 400,
      code: 'invalid_target',
      says: ['begins with "/"'],
      connection: 'closes',
    }),
  ),
  {
    input: 'an HTTP/2 preface',
    send: raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    ...framing,
    says: ['this port speaks HTTP/1.1; use no HTTP/2 prior knowledge'],
  },
  {
    input: 'a TLS hello on the plain port',
    send: raw(Buffer.from('16030100a5010000a10303', 'hex')),
    ...framing,
    says: ['this port speaks HTTP/1.1 without TLS', 'http://'],
  },
]

/** Heads beyond their bounds, and those that never end. */
const heads: readonly Row[] = [
  {
    input: 'a field of 33 KB',
    send: ask('GET /v1/models', `Big: ${'x'.repeat(33 * 1024)}`),
    status: 431,
    code: 'header_too_large',
    says: ['32768', 'fewer or shorter'],
    connection: 'closes',
  },
  {
    input: '3,000 fields',
    send: ask('GET /v1/models', ...Array.from({ length: 3000 }, () => 'a: b')),
    status: 431,
    code: 'header_too_large',
    says: ['32768'],
    connection: 'closes',
  },
  {
    input: '101 fields',
    send: ask('GET /v1/models', ...Array.from({ length: 99 }, () => 'a: b')),
    status: 431,
    code: 'too_many_headers',
    says: ['100', 'Send fewer'],
    connection: 'closes',
  },
  { input: '100 fields', send: ask('GET /v1/models', ...Array(98).fill('a: b')), status: 200 },
  {
    input: 'a head that does not end',
    send: raw('POST /v1/responses HTTP/1.1\r\nHost: gate'),
    status: 408,
    code: 'headers_timeout',
    says: ['100 ms'],
    connection: 'closes',
  },
  {
    input: 'a head whose sender closes within it',
    send: raw('POST /v1/responses HTTP/1.1\r\nHost: gate'),
    fin: true,
    ...framing,
    says: ['inside the head'],
  },
  {
    input: 'an upgrade nobody serves',
    send: ask('GET /v1/models', 'Connection: Upgrade', 'Upgrade: foo'),
    status: 400,
    code: 'unsupported_upgrade',
    says: ['foo', 'plain HTTP'],
    connection: 'closes',
  },
  {
    input: 'ranges and conditions, which no answer of a model has',
    send: body(good(), 'Range: bytes=0-1', 'If-Match: "x"', 'If-None-Match: *', 'If-Modified-Since: now'),
    status: 200,
    upstream: { body: good(), without: /^(range|if-)/ },
  },
]

/** Methods and paths that lead nowhere. */
const targets: readonly Row[] = [
  { input: 'the method FOO', send: ask('FOO /v1/models'), ...framing },
  ...['CONNECT evil:443', 'TRACE /v1/models', 'PUT /v1/responses', 'PATCH /v1/models'].map(
    (line): Row => ({
      input: line,
      send: ask(line),
      status: 405,
      code: 'method_not_allowed',
      headers: [/^allow: .*(GET|POST)/im],
      ...(/^(CONNECT|TRACE)/.test(line) ? { connection: 'closes' } : {}),
    }),
  ),
  {
    input: 'GET where POST is served',
    send: ask('GET /v1/embeddings'),
    status: 405,
    code: 'method_not_allowed',
    says: ['It serves POST'],
    headers: [/^allow: POST\r$/im],
  },
  {
    input: 'POST where GET is served beside the API',
    send: ask('POST /health', 'Content-Length: 0'),
    status: 405,
    code: 'method_not_allowed',
    headers: [/^allow: GET/im],
    connection: 'closes',
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
    '/v1/responses;x=1',
    `/${'x'.repeat(9000)}`,
  ].map(
    (path): Row => ({
      input: `the path ${path.slice(0, 40)}`,
      send: ask(`POST ${path}`, 'Content-Length: 0'),
      ...noRoute,
    }),
  ),
]

/** Bodies that are too long, too short, too slow, or in another form. */
const bodies: readonly Row[] = [
  { input: 'a body announced too large', send: framed([`Content-Length: ${bodyLimit + 1}`]), ...tooLarge },
  {
    input: 'a body of nine hundred megabytes',
    send: framed(['Content-Length: 900000000']),
    ...tooLarge,
  },
  {
    input: 'a chunked body that grows too large',
    send: framed(['Transfer-Encoding: chunked'], chunked(Buffer.alloc(bodyLimit, 0x20), ' ')),
    ...tooLarge,
  },
  {
    input: 'a body shorter than announced',
    send: framed(['Content-Length: 100'], '{"model":"gpt-5.1"'),
    fin: true,
    status: 400,
    code: 'truncated_body',
    says: ['announced length'],
    connection: 'closes',
  },
  {
    input: 'a chunked body without its end',
    send: framed(['Transfer-Encoding: chunked'], '5\r\nhello\r\n'),
    fin: true,
    status: 400,
    code: 'truncated_body',
    connection: 'closes',
  },
  {
    input: 'a body that does not come',
    send: framed(['Content-Length: 100'], '{'),
    status: 408,
    code: 'body_timeout',
    says: ['100 ms'],
    connection: 'closes',
  },
  {
    input: 'an expectation other than 100-continue',
    send: body('{}', 'Expect: 200-ok'),
    status: 417,
    code: 'unsupported_expectation',
    says: ['100-continue'],
    connection: 'closes',
  },
  {
    input: 'a compressed bomb',
    send: body(gzipSync(Buffer.alloc(10 * MiB, 0x20)), 'Content-Encoding: gzip'),
    ...badEncoding,
    says: ['gzip', 'Send the body plain'],
    because: 'nothing is decompressed, so nothing can swell',
  },
  ...['gzip, br', 'x-unheard-of'].map(
    (encoding): Row => ({
      input: `the encoding ${encoding}`,
      send: body('{}', `Content-Encoding: ${encoding}`),
      ...badEncoding,
    }),
  ),
  ...[
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/json\t; x',
    'application/json; charset=utf-16',
    '',
  ].map(
    (type): Row => ({
      input: `the content type ${JSON.stringify(type)}`,
      send: ask('POST /v1/responses', 'Content-Length: 0', ...(type === '' ? [] : [`Content-Type: ${type}`])),
      ...badType,
    }),
  ),
  {
    input: 'a content type that says UTF-8',
    send: target =>
      String(object({})(target)).replace('application/json', 'Application/JSON ; charset="UTF-8"'),
    ...served,
  },
  { input: 'a request to close', send: body(good(), close), ...served, connection: 'closes' },
]

/** Everything about the HTTP message itself. */
export const httpRows: readonly Row[] = [...framings, ...heads, ...targets, ...bodies]
