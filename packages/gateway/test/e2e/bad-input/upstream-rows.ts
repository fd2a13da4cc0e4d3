/** One table; longer than other files because the table is the point. */
import { gzipSync } from 'node:zlib'
import type { Script } from '../../sockets/raw-upstream.ts'
import {
  chatDelta,
  completed,
  created,
  delta,
  event,
  jsonType,
  lastPiece,
  open,
  piece,
  reply,
  response,
  stream,
  streamHead,
} from './upstream-wire.ts'

/** One bad answer of an upstream, and what a client gets for it. */
export interface UpstreamRow extends Script {
  /** What the upstream answers, in words. */
  readonly answer: string
  readonly wire: 'json' | 'stream' | 'chat'
  readonly status: number
  /** The code of the error: of the whole answer, or of the one error event at the end of the stream. */
  readonly code?: string
  /** What the error's message has to name. */
  readonly told?: readonly string[]
  /** Exactly what a stream or an answer holds, where it is whole. */
  readonly body?: string
  /** Header lines that the client must get, and those it must not. */
  readonly headers?: readonly [name: string, value: RegExp | null][]
  readonly because?: string
}

const page = '<html><script>steal()</script></html>'
const failed = (code: string): string =>
  event('response.failed', {
    response: { id: 'resp_raw', error: { code, message: 'sk-upstream-raw said no' } },
  })

/** Answers that are no success. */
const refusals: readonly UpstreamRow[] = [
  {
    answer: 'a redirect into the network',
    wire: 'json',
    says: reply(302, '', 'Location: http://169.254.169.254/latest/meta-data/'),
    status: 502,
    code: 'upstream_redirect',
    told: ['never followed'],
    headers: [['location', null]],
  },
  {
    answer: 'a 401 that repeats the key it refuses',
    wire: 'json',
    says: reply(
      401,
      '{"error":{"message":"Incorrect API key: sk-upstream-raw","code":"invalid_api_key"}}',
      jsonType,
    ),
    status: 502,
    code: 'upstream_auth',
    told: ['operator'],
    headers: [['x-should-retry', /^false$/]],
  },
  {
    answer: 'a 403 in HTML',
    wire: 'stream',
    says: reply(403, page, 'Content-Type: text/html'),
    status: 502,
    code: 'upstream_auth',
  },
  ...(['-1', 'abc', '1000000000', 'Wed, 21 Oct 2015 07:28:00 GMT', '1e3', '0'] as const).map(
    (value): UpstreamRow => ({
      answer: `a 429 with Retry-After: ${value}`,
      wire: 'json',
      says: reply(
        429,
        '{"error":{"message":"slow","code":"rate_limit_exceeded"}}',
        jsonType,
        `Retry-After: ${value}`,
      ),
      status: 429,
      code: 'rate_limit_exceeded',
      headers: [['retry-after', value === '1000000000' ? /^60$/ : /^\d$|^[1-5]\d$/]],
      because: 'no upstream is believed for longer than a minute, nor when it says nothing sane',
    }),
  ),
  {
    answer: 'a 500 with ten megabytes of HTML',
    wire: 'json',
    says: reply(500, page.padEnd(10_000_000, 'x'), 'Content-Type: text/html'),
    status: 502,
    code: 'upstream_error',
    told: ['status 500'],
  },
]

/** Heads and bodies that are not what was asked for. */
const forms: readonly UpstreamRow[] = [
  {
    answer: 'a page with status 200',
    wire: 'json',
    says: reply(200, page, 'Content-Type: text/html'),
    status: 502,
    code: 'upstream_bad_content_type',
    told: ['text/html'],
  },
  {
    answer: 'gzip that nobody asked for',
    wire: 'json',
    says: reply(200, gzipSync(Buffer.alloc(1_000_000)), jsonType, 'Content-Encoding: gzip'),
    status: 502,
    code: 'upstream_bad_content_type',
    told: ['gzip'],
    because: 'nothing is decompressed, so nothing can swell',
  },
  {
    answer: 'a head of 70 KB',
    wire: 'json',
    says: reply(200, response(), jsonType, `X: ${'x'.repeat(70_000)}`),
    status: 502,
    code: 'upstream_protocol',
  },
  {
    answer: 'a length and chunks together',
    wire: 'json',
    says: reply(200, response(), jsonType, 'Transfer-Encoding: chunked'),
    status: 502,
    code: 'upstream_protocol',
  },
  {
    answer: 'no HTTP at all',
    wire: 'json',
    says: ['SSH-2.0-OpenSSH_9.6\r\n'],
    status: 502,
    code: 'upstream_protocol',
  },
  {
    answer: 'half a JSON body, and the end',
    wire: 'json',
    says: reply(200, '{"id":"resp', jsonType),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    answer: 'less than it announced, and the end',
    wire: 'json',
    says: [reply(200, response(), jsonType)[0]!, '{"id":'],
    leaves: 'end',
    status: 502,
    code: 'upstream_disconnected',
  },
  {
    answer: 'a list for an object',
    wire: 'json',
    says: reply(200, '[]', jsonType),
    status: 502,
    code: 'upstream_bad_response',
  },
  {
    answer: 'the end, before a head',
    wire: 'json',
    says: [],
    leaves: 'end',
    status: 502,
    code: 'upstream_disconnected',
  },
  {
    answer: 'a reset, before a head',
    wire: 'stream',
    says: [],
    leaves: 'reset',
    status: 502,
    code: 'upstream_disconnected',
  },
  { answer: 'nothing', wire: 'json', says: [], status: 504, code: 'upstream_timeout' },
  {
    answer: 'a head and nothing',
    wire: 'json',
    says: [reply(200, 'x', jsonType)[0]!],
    status: 504,
    code: 'upstream_timeout',
  },
  {
    answer: 'cookies, a place to go, other people’s policies',
    wire: 'json',
    says: reply(
      200,
      response(),
      jsonType,
      'Set-Cookie: canary=1',
      'Location: http://canary/',
      'Strict-Transport-Security: max-age=1',
      'OpenAI-Organization: org-canary',
      'Access-Control-Allow-Origin: *',
    ),
    status: 200,
    body: response(),
    headers: [
      'set-cookie',
      'location',
      'strict-transport-security',
      'openai-organization',
      'access-control-allow-origin',
    ].map(name => [name, null]),
  },
]

/** Streams that are not what they seem. */
const streams: readonly UpstreamRow[] = [
  {
    answer: 'the end before anything',
    wire: 'stream',
    says: stream(),
    status: 502,
    code: 'upstream_truncated',
  },
  {
    answer: 'the end after the announcement',
    wire: 'stream',
    says: stream(created),
    status: 502,
    code: 'upstream_truncated',
  },
  {
    answer: 'the end in the middle',
    wire: 'stream',
    says: stream(created, delta),
    status: 200,
    code: 'upstream_truncated',
  },
  {
    answer: 'a connection that breaks off in the middle',
    wire: 'stream',
    says: open(created, delta),
    leaves: 'end',
    status: 200,
    code: 'upstream_disconnected',
  },
  {
    answer: 'the end of a chat without its mark',
    wire: 'chat',
    says: stream(chatDelta),
    status: 200,
    code: 'upstream_truncated',
  },
  {
    answer: 'a stream byte by byte, with CR LF',
    wire: 'stream',
    says: [
      streamHead,
      ...[...Buffer.from([created, delta, completed].join('').replaceAll('\n', '\r\n'))].map(byte =>
        Buffer.concat([Buffer.from('1\r\n'), Buffer.from([byte]), Buffer.from('\r\n')]),
      ),
      lastPiece,
    ],
    status: 200,
    body: [created, delta, completed].join('').replaceAll('\n', '\r\n'),
  },
  {
    answer: 'two megabytes without a line break',
    wire: 'stream',
    says: open(created, `data: ${'x'.repeat(2_000_000)}`),
    status: 502,
    code: 'upstream_event_too_long',
    told: ['1048576'],
  },
  {
    answer: 'data that is no JSON, first',
    wire: 'stream',
    says: open('data: }{\n\n'),
    status: 502,
    code: 'upstream_bad_event',
  },
  {
    answer: 'data that is no JSON, later',
    wire: 'stream',
    says: open(created, delta, 'data: }{\n\n'),
    status: 200,
    code: 'upstream_bad_event',
  },
  {
    answer: 'comments for ever, before anything',
    wire: 'stream',
    says: open(': x\n\n'),
    forEver: piece(': x\n\n'),
    status: 504,
    code: 'deadline_exceeded',
  },
  {
    answer: 'comments for ever, in the middle',
    wire: 'stream',
    says: open(created, delta),
    forEver: piece(': x\n\n'),
    status: 200,
    code: 'deadline_exceeded',
  },
  {
    answer: 'silence after the announcement',
    wire: 'stream',
    says: open(created),
    status: 504,
    code: 'upstream_timeout',
  },
  {
    answer: 'silence in the middle',
    wire: 'stream',
    says: open(created, delta),
    status: 200,
    code: 'upstream_timeout',
  },
  {
    answer: 'a failure as the first event',
    wire: 'stream',
    says: stream(created, failed('server_error')),
    status: 502,
    code: 'upstream_failed',
  },
  {
    answer: 'a limit as the first event',
    wire: 'stream',
    says: stream(failed('rate_limit_exceeded')),
    status: 429,
    code: 'rate_limit_exceeded',
  },
  {
    answer: 'a refused key as the first event',
    wire: 'stream',
    says: stream(failed('invalid_api_key')),
    status: 502,
    code: 'upstream_auth',
  },
  {
    answer: 'a bare error object, first',
    wire: 'stream',
    says: stream(created, 'data: {"error":{"message":"sk-upstream-raw","type":"server_error"}}\n\n'),
    status: 502,
    code: 'upstream_failed',
  },
  {
    answer: 'an error object in a chat, first',
    wire: 'chat',
    says: stream('data: {"error":{"message":"sk-upstream-raw","type":"server_error"}}\n\n'),
    status: 502,
    code: 'upstream_failed',
  },
  {
    answer: 'events of unheard-of kinds, with markup inside',
    wire: 'stream',
    says: stream(created, event('execute', { html: page }), delta, completed),
    status: 200,
    body: [created, event('execute', { html: page }), delta, completed].join(''),
    headers: [['content-type', /^text\/event-stream/]],
    because: 'it is data: no part of Headgate acts on it or shows it as markup',
  },
]

/** Everything an upstream may answer that no client should have to understand. */
export const upstreamRows: readonly UpstreamRow[] = [...refusals, ...forms, ...streams]
