import { describe, expect, it } from 'vitest'
import { isGatewayError } from '../errors/errors.ts'
import { matchRoute } from './route.ts'

function refusal(method: string, target: string): string {
  try {
    return matchRoute(method, target).kind
  } catch (error) {
    if (isGatewayError(error)) return `${error.status} ${error.code}`
    throw error
  }
}

describe('matchRoute', () => {
  it.each([
    ['POST', '/v1/responses', 'create_response', []],
    ['POST', '/v1/responses?beta=true', 'create_response', []],
    ['POST', '/v1/responses/compact', 'compact_response', []],
    ['POST', '/v1/responses/input_tokens', 'count_input_tokens', []],
    ['POST', '/v1/chat/completions', 'create_chat', []],
    ['POST', '/v1/completions', 'create_completion', []],
    ['POST', '/v1/embeddings', 'create_embeddings', []],
    ['GET', '/v1/models', 'list_models', []],
    ['GET', '/v1/models/gpt-5.1', 'get_model', ['gpt-5.1']],
    ['GET', '/v1/models/meta-llama%2FLlama-3', 'get_model', ['meta-llama/Llama-3']],
    ['GET', '/v1/responses/resp_1?stream=true', 'object', ['resp_1']],
    ['DELETE', '/v1/responses/resp_1', 'object', ['resp_1']],
    ['GET', '/v1/conversations/conv_1/items/msg_1', 'object', ['conv_1', 'msg_1']],
    ['POST', '/v1/vector_stores/vs_1/file_batches/vsfb_1/cancel', 'object', ['vs_1', 'vsfb_1']],
    ['GET', '/v1/containers/cntr_1/files/cfile_1/content', 'object', ['cntr_1', 'cfile_1']],
    ['POST', '/v1/audio/speech', 'pass_through', []],
    ['POST', '/v1/something/quite/new', 'pass_through', []],
  ])('%s %s is %s', (method, target, kind, ids) => {
    expect(matchRoute(method, target)).toMatchObject({ kind, ids })
  })

  it('leaves it to who serves an id whether it looks like one', () => {
    for (const id of ['resp.1', '..', 'a'.repeat(129), 'compact_']) {
      expect(matchRoute('GET', `/v1/responses/${id}`)).toMatchObject({ kind: 'object', ids: [id] })
    }
  })

  it('keeps the query for the upstream, as it came', () => {
    expect(matchRoute('GET', '/v1/responses/resp_1?a=%20b').upstreamPath).toBe('/responses/resp_1?a=%20b')
  })

  it.each([
    '/',
    '/v1',
    '/v1/',
    '//v1/responses',
    '/v1//responses',
    '/v1/responses/',
    '/v1/models/',
    '/v1/models/..',
    '/v1/models/%2e%2e',
    '/v1/models/%00',
    '/v1/models/%zz',
    '/v1/models/a/b',
    '/v1/./responses',
    '/v1/../v1/responses',
    '/v1/%72esponses',
    '/v1/responses%00',
    '/v1/responses/%2e%2e',
    '/v1/responses/resp_1/',
    '/v1/responses//input_items',
    '/v1/responses/resp_1/output_items',
    '/v1/responses/resp_1/input_items/msg_1',
    '/V1/responses',
    '/v1/something',
  ])('finds nothing at %s: no spelling is mended', target => {
    expect(refusal('GET', target)).toBe('404 unknown_route')
  })

  it('names the nearest route', () => {
    expect(() => matchRoute('POST', '/v1/chat/completion')).toThrow('POST /v1/chat/completions')
    expect(() => matchRoute('POST', '/v1/embedding')).toThrow('POST /v1/embeddings')
  })

  it.each([
    '/v1/responses/resp_1/run',
    '/v1/something/thing_1',
    '/v1/something/abcdefgHij',
    '/v1/something/a/b/c',
    `/v1/${'a'.repeat(33)}`,
    '/v1/some-thing',
    '/v1/something/',
  ])('passes nothing through that may hold an id: %s', target => {
    expect(refusal('POST', target)).toBe('404 unknown_route')
  })

  it.each(['/v1/chat/completions', '/v1/files', '/v1/batches', '/v1/vector_stores', '/v1/containers'])(
    'says why it does not list: %s',
    target => {
      expect(refusal('GET', target)).toBe('501 list_not_supported')
    },
  )

  it('names what it does not serve, whatever is below it', () => {
    expect(refusal('POST', '/v1/threads/thread_1/runs')).toBe('501 endpoint_not_supported')
    expect(refusal('GET', '/v1/fine_tuning/jobs')).toBe('501 endpoint_not_supported')
  })

  it('says which methods a path serves', () => {
    expect(refusal('GET', '/v1/responses')).toBe('405 method_not_allowed')
    try {
      matchRoute('PATCH', '/v1/responses/resp_1')
    } catch (error) {
      expect(isGatewayError(error) && error.headers).toEqual([['allow', 'GET, DELETE']])
    }
  })

  it('is not fooled by method names that every object has', () => {
    expect(refusal('constructor', '/v1/models')).toBe('405 method_not_allowed')
  })

  it('refuses TRACE and CONNECT, and targets that are no path', () => {
    expect(refusal('TRACE', '/v1/models')).toBe('405 method_not_allowed')
    expect(refusal('CONNECT', 'example.com:443')).toBe('405 method_not_allowed')
    expect(refusal('GET', 'http://example.com/v1/models')).toBe('400 invalid_target')
    expect(refusal('OPTIONS', '*')).toBe('400 invalid_target')
    expect(refusal('GET', '')).toBe('400 invalid_target')
  })
})
