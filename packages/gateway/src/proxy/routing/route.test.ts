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
    ['POST', '/v1/responses', 'create_response', ''],
    ['POST', '/v1/responses?beta=true', 'create_response', ''],
    ['POST', '/v1/chat/completions', 'create_chat', ''],
    ['POST', '/v1/embeddings', 'create_embeddings', ''],
    ['GET', '/v1/models', 'list_models', ''],
    ['GET', '/v1/models/gpt-5.1', 'get_model', 'gpt-5.1'],
    ['GET', '/v1/models/meta-llama%2FLlama-3', 'get_model', 'meta-llama/Llama-3'],
    ['GET', '/v1/responses/resp_1?stream=true', 'get_response', 'resp_1'],
    ['DELETE', '/v1/responses/resp_1', 'delete_response', 'resp_1'],
  ])('%s %s is %s', (method, target, kind, id) => {
    expect(matchRoute(method, target)).toMatchObject({ kind, id })
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
    '/v1/responses/resp_1/cancel',
    '/v1/responses/resp.1',
    `/v1/responses/${'a'.repeat(129)}`,
    '/V1/responses',
  ])('finds nothing at %s: no spelling is mended', target => {
    expect(refusal('GET', target)).toBe('404 unknown_route')
  })

  it('names the nearest route', () => {
    expect(() => matchRoute('POST', '/v1/chat/completion')).toThrow('POST /v1/chat/completions')
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
