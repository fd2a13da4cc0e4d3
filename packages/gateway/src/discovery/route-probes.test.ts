import { describe, expect, it } from 'vitest'
import type { Collected } from '../proxy/attempt/collect.ts'
import { routeProbes } from './route-probes.ts'

const answer = (status: number, body: unknown): Collected => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { kind: 'reply', status, headers: [], body: Buffer.from(text) }
}

describe('a create without a model', () => {
  it.each([
    [
      'OpenAI',
      answer(400, { error: { message: 'Missing required parameter: model', code: 'missing' } }),
      'there',
    ],
    ['vLLM', answer(422, { detail: [{ loc: ['body', 'model'], msg: 'Field required' }] }), 'there'],
    ['Ollama', answer(400, { error: { message: 'model is required' } }), 'there'],
    [
      'a server that has no model of that name',
      answer(404, { error: { message: 'model "" not found' } }),
      'there',
    ],
    ['FastAPI without the route', answer(404, { detail: 'Not Found' }), 'missing'],
    [
      'llama.cpp without the route',
      answer(404, { error: { message: 'File Not Found', type: 'not_found_error' } }),
      'missing',
    ],
    ['Go without the route', answer(404, '404 page not found'), 'missing'],
    [
      'LM Studio without the route',
      answer(200, { error: 'Unexpected endpoint or method. (POST /v1/responses)' }),
      'missing',
    ],
    ['another method only', answer(405, { detail: 'Method Not Allowed' }), 'missing'],
    ['an old vLLM', answer(501, ''), 'missing'],
    ['a wrong key', answer(401, { error: 'Unauthorized' }), 'unknown'],
    ['too many requests', answer(429, ''), 'unknown'],
    ['a broken server', answer(500, 'oops'), 'unknown'],
    ['a redirect', answer(307, ''), 'unknown'],
    ['silence', { kind: 'fault', fault: { kind: 'idle_timeout' } }, 'unknown'],
    ['a flood', { kind: 'too_large' }, 'unknown'],
  ] as const)('tells of %s', (_who, told, found) => {
    expect(routeProbes.chat!.read(told)).toBe(found)
  })
})

describe('an id that does not exist', () => {
  const id = 'resp_doesnotexist'
  it.each([
    ['vLLM', answer(404, { error: { message: `Response with id '${id}' not found.` } }), 'there'],
    ['FastAPI without the route', answer(404, { detail: 'Not Found' }), 'missing'],
    ['a page that quotes the path', answer(404, `Cannot GET /v1/responses/${id}`), 'missing'],
    ['creates only', answer(405, ''), 'missing'],
    ['a wrong key', answer(401, ''), 'unknown'],
    ['a login page', answer(200, '<html>'), 'unknown'],
  ] as const)('tells of %s', (_who, told, found) => {
    expect(routeProbes.storedResponses!.read(told)).toBe(found)
  })
})
