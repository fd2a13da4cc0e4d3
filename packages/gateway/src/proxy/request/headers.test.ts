import { expect, it } from 'vitest'
import { responseHeaders } from '../attempt/response-headers.ts'
import { hopsOf, requestHeaders } from './request-headers.ts'

const tenant = 'team'

it('passes only the allowed headers of a client', () => {
  const client = [
    ['authorization', 'Bearer secret'],
    ['api-key', 'secret'],
    ['x-api-key', 'secret'],
    ['cookie', 'a=b'],
    ['openai-organization', 'org'],
    ['openai-project', 'proj'],
    ['forwarded', 'for=1'],
    ['x-forwarded-for', '1'],
    ['connection', 'x-custom'],
    ['te', 'trailers'],
    ['accept-encoding', 'gzip'],
    ['x-codex-turn-metadata', '{}'],
    ['x-headgate-session-id', 's'],
    ['session-id', 's'],
    ['content-length', '3'],
    ['host', 'x'],
    ['__proto__', 'x'],
    ['openai-beta', 'responses=v1'],
    ['user-agent', 'OpenAI/JS'],
    ['accept', 'application/json'],
    ['idempotency-key', 'k'],
  ] as const
  expect(requestHeaders(client, { contentType: 'application/json', hops: 0, tenant })).toEqual([
    ['content-type', 'application/json'],
    ['accept-encoding', 'identity'],
    ['x-headgate-hops', '1'],
    ['openai-beta', 'responses=v1'],
    ['user-agent', 'OpenAI/JS'],
    ['accept', 'application/json'],
    ['idempotency-key', expect.stringMatching(/^[0-9a-f]{64}$/)],
  ])
})

it('makes an idempotency key the tenant’s own: the same again for itself, another for everybody else', () => {
  const sent = (tenant: string) =>
    requestHeaders([['idempotency-key', 'order-1']], { contentType: undefined, hops: 0, tenant }).at(-1)![1]
  expect(sent('a')).toBe(sent('a'))
  expect(sent('a')).not.toBe(sent('b'))
  expect(sent('a')).not.toContain('order')
})

it('lets no value through that could end its line, either way', () => {
  for (const bad of ['a\r\nx: y', 'a\nb', 'a\u0000b', 'a\u2028b']) {
    expect(requestHeaders([['user-agent', bad]], { contentType: undefined, hops: 0, tenant })).toHaveLength(2)
    expect(responseHeaders([['openai-version', bad]], { requestId: 'r', body: 'unknown' })).toHaveLength(1)
  }
})

it('passes only the allowed headers of an upstream, under the gateway’s own request id', () => {
  const upstream = [
    ['set-cookie', '__cf_bm=1'],
    ['openai-organization', 'org'],
    ['x-request-id', 'theirs'],
    ['x-ratelimit-remaining-requests', '1'],
    ['x-ms-region', 'eu'],
    ['apim-request-id', 'x'],
    ['server', 'cloudflare'],
    ['location', 'http://internal'],
    ['content-length', '5'],
    ['content-encoding', 'gzip'],
    ['transfer-encoding', 'chunked'],
    ['content-type', 'application/json'],
    ['openai-processing-ms', '12'],
  ] as const
  expect(responseHeaders(upstream, { requestId: 'req_1', body: 7 })).toEqual([
    ['content-type', 'application/json'],
    ['openai-processing-ms', '12'],
    ['x-request-id', 'req_1'],
    ['content-length', '7'],
  ])
})

it('counts gateways passed, and takes nonsense for one', () => {
  expect(hopsOf([])).toBe(0)
  expect(hopsOf([['x-headgate-hops', '2']])).toBe(2)
  expect(hopsOf([['x-headgate-hops', '-1']])).toBe(1)
})
