/** Whatever clients and upstreams send each other through the whole gateway, it goes on serving. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { eventually } from '../../fixtures/eventually.ts'
import { gatewayForTest } from '../../fixtures/gateway.ts'
import { RawClient } from '../../sockets/raw-client.ts'
import { RawUpstream } from '../../sockets/raw-upstream.ts'
import {
  chatDelta,
  completed,
  created,
  delta,
  jsonType,
  piece,
  reply,
  response,
  streamHead,
} from './upstream-wire.ts'
import { bearer, body, good, head, post, type Send } from './wire.ts'

const adminToken = 'admin-token-of-the-fuzzed-gateway'

/** Bytes that nobody means: pieces of what is meant, and noise between them. */
const noise = fc.string({ unit: 'binary', maxLength: 30 })
const upstreamBytes = fc.array(
  fc.oneof(
    noise,
    fc.constantFrom(
      ...[
        streamHead,
        piece(created),
        piece(delta),
        piece(completed),
        piece(chatDelta),
        '0\r\n\r\n',
        '\r\n',
        '\n\n',
      ],
      ...reply(200, response(), jsonType),
      ...reply(429, '{"error":{"code":"insufficient_quota"}}', jsonType, 'Retry-After: x'),
      ...['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n', 'HTTP/1.1 204 X\r\n\r\n'],
      ...[
        piece('data: {"error":null}\n\n'),
        piece('data: [DONE]\n\n'),
        piece('data: '),
        piece('\u2028\u0085'),
      ],
      ...[piece('data: {"choices":[],"usage":{"prompt_tokens":-1}}\n\n'), piece(`:${'x'.repeat(3000)}`)],
    ),
  ),
  { maxLength: 8 },
)
const form = '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b--\r\n'
const upload: Send = target =>
  head(
    'POST /v1/files',
    bearer(target),
    'Content-Type: multipart/form-data; boundary=b',
    `Content-Length: ${form.length}`,
  ) + form
let asked = 0
/** Each asks for another model, or all of them together would be an outage of one. */
const anew =
  (path: string, fields: object = {}): Send =>
  target =>
    post(path, good({ model: `gpt-${++asked}`, ...fields }))(target)

const clientBytes = fc.oneof(
  fc.constantFrom(
    anew('/v1/responses'),
    anew('/v1/responses', { stream: true }),
    anew('/v1/responses', { background: true, stream: true }),
    anew('/v1/chat/completions', { messages: [], stream: true }),
    anew('/v1/embeddings'),
    anew('/v1/audio/speech'),
    post('/v1/conversations', '{}'),
    upload,
  ),
  fc
    .array(
      fc.oneof(
        noise,
        fc.constantFrom(
          'POST /v1/responses HTTP/1.1\r\n',
          'Host: g\r\n',
          '\r\n',
          '{"model":',
          'Content-Length: 9\r\n',
        ),
      ),
      {
        maxLength: 6,
      },
    )
    .map(parts => () => Buffer.from(parts.join(''), 'latin1')),
)
const leaves = fc.constantFrom('stays', 'stays', 'end', 'destroy', 'resetAndDestroy')

async function someTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

it('any bytes from either side leave the gateway serving, with nothing held', async () => {
  const upstream = await RawUpstream.open()
  const gateway = await gatewayForTest({
    accounts: [{ id: 'raw', config: { baseUrl: upstream.url } }],
    limits: {
      ...{
        idleTimeout: '30ms',
        headersTimeout: '30ms',
        headerTimeout: '100ms',
        bodyIdle: '100ms',
        hold: '10ms',
      },
      ...{ event: '2KiB', jsonBuffer: '1KiB', total: '1s' },
    },
    adminToken,
  })
  const heal = async (): Promise<void> => {
    await fetch(`${gateway.url}/admin/api/accounts/raw/reset`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}` },
    })
  }
  await fc.assert(
    fc.asyncProperty(
      upstreamBytes,
      fc.constantFrom('end', 'reset', 'open'),
      clientBytes,
      leaves,
      async (says, then, send, leave) => {
        upstream.script = {
          says: says.map(bytes => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes)),
          leaves: then,
        }
        const client = await RawClient.open(gateway.port)
        client.send(await send(gateway))
        await new Promise(resolve => setImmediate(resolve))
        if (leave !== 'stays') client.socket[leave as 'end']()
        // What would only come after a timeout is not waited for: the client goes away then.
        await Promise.race([client.whole(), someTurns(200)])
        client.close()
        await heal()
      },
    ),
    { numRuns: 120 },
  )
  await eventually(async () => (await gateway.slotsInUse()) === 0)
  await eventually(async () => (await gateway.metric('headgate_buffered_bytes')) === 0)
  upstream.script = { says: reply(200, response(), jsonType) }
  await heal()
  const last = await gateway.fetch('/v1/responses', { json: { model: 'gpt-5.1', input: 'still here' } })
  expect([last.status, await last.text()]).toEqual([200, response()])
  await upstream.close()
})

/** What would end a header, an event, a line of a log, if it were let through. */
const splitters = fc.constantFrom(
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    '\u0085',
    '\u2028',
    '\n\ndata: {"injected":1}\n\n',
    '\r\nSet-Cookie: injected=1\r\n\r\n',
  ],
)
const text = fc
  .array(fc.oneof(splitters, fc.constantFrom('gpt', 'resp_', ' ', ':', 'é', '"')), {
    minLength: 1,
    maxLength: 6,
  })
  .map(parts => parts.join(''))

it('no text of a client or an upstream adds a header, an answer or an event', async () => {
  const upstream = await RawUpstream.open()
  const gateway = await gatewayForTest({
    accounts: [{ id: 'raw', config: { baseUrl: upstream.url } }],
    adminToken,
  })
  const known =
    /^(content-type|content-length|date|connection|keep-alive|x-request-id|retry-after|x-should-retry|cache-control|x-accel-buffering|transfer-encoding|allow|openai-\S+)$/
  await fc.assert(
    fc.asyncProperty(text, fc.boolean(), fc.boolean(), async (told, stream, committed) => {
      const failure = { code: told, type: told, message: told, param: told }
      const events = [
        created,
        ...(committed ? [delta] : []),
        `data: ${JSON.stringify({ ...failure, type: 'error' })}\n\n`,
      ]
      upstream.script = stream
        ? { says: [streamHead, piece(events.join('')), '0\r\n\r\n'] }
        : { says: reply(committed ? 400 : 500, JSON.stringify({ error: failure }), jsonType) }
      const requests = [
        body(good({ model: `gpt-${++asked}`, stream })),
        body(JSON.stringify({ model: told, input: told, previous_response_id: told })),
        body(JSON.stringify({ model: 'gpt-5.1', input: 'x', [told]: told, previous_response_id: told })),
        () => head(`GET /v1/models/${encodeURIComponent(told)}`, `Authorization: Bearer ${gateway.key()}`),
        () => head(`GET /v1/responses/${encodeURIComponent(told)}`, `Authorization: Bearer ${gateway.key()}`),
      ]
      for (const send of requests) {
        const client = await RawClient.open(gateway.port)
        const { text: answer } = await client.send(await send(gateway)).whole()
        client.close()
        expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
        const [top, ...rest] = answer.split('\r\n\r\n') as [string, ...string[]]
        for (const line of top.split('\r\n').slice(1))
          expect(line.slice(0, line.indexOf(':')).toLowerCase()).toMatch(known)
        if (!top.includes('text/event-stream')) {
          expect(Object.keys(JSON.parse(rest.join('\r\n\r\n')))).toEqual(expect.arrayContaining(['error']))
          continue
        }
        const datas = rest.join('\r\n\r\n').match(/^data: .*$/gm)!
        expect(
          datas.map(line => (JSON.parse(line.slice(6)) as { injected?: number }).injected),
        ).not.toContain(1)
      }
      await fetch(`${gateway.url}/admin/api/accounts/raw/reset`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}` },
      })
    }),
    { numRuns: 40 },
  )
  await upstream.close()
})
