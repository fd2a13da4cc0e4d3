import { describe, expect, it } from 'vitest'
import { AZURE } from './dialects/azure.ts'
import { VLLM } from './dialects/vllm.ts'
import { ENDPOINTS } from './endpoint-names.ts'
import { matchRoute } from './route.ts'
import { ROUTE_ROWS } from './route-table.ts'

describe('a path', () => {
  it.each([
    ['GET', '/v1/responses/resp_1', 'responses.retrieve', 'resp_1', ''],
    ['POST', '/v1/responses/compact', 'responses.compact', '', ''],
    ['GET', '/v1/responses/compact', 'unknown', '', ''],
    ['GET', '/v1/conversations/conv_1/items/msg%5F1', 'conversations.items.retrieve', 'conv_1', 'msg_1'],
    ['GET', '/v1/models/org/model', 'models.retrieve', 'org/model', ''],
    ['GET', '/openai/v1/files/file-1/content', 'files.content', 'file-1', ''],
    ['GET', '/v1/files//content', 'unknown', '', ''],
    ['GET', '/v1/files/%E0%A4%A', 'unknown', '', ''],
    ['GET', '/v1/files/constructor/__proto__', 'unknown', '', ''],
    ['GET', '/v1/constructor', 'unknown', '', ''],
    ['GET', '/v2/files', 'unknown', '', ''],
  ])('%s %s leads to %s', (method, path, endpoint, id, itemId) => {
    expect(matchRoute(method, path)).toMatchObject({ endpoint, id, itemId })
  })

  it('that exists is told from one that does not', () => {
    expect(matchRoute('PUT', '/v1/files/file-1').wrongMethod).toBe(true)
    expect(matchRoute('toString', '/v1/responses').wrongMethod).toBe(true)
    expect(matchRoute('GET', '/v1/files/file-1/nothing').wrongMethod).toBe(false)
  })
})

it('every row of the table is reached by its own path', () => {
  const rows = [...ROUTE_ROWS.values()].flat()
  for (const { method, segments, endpoint } of rows) {
    const path = segments.map(part => (part.startsWith('{') ? 'some-id' : part)).join('/')
    expect(matchRoute(method, `/v1/${path}`).endpoint).toBe(endpoint)
  }
  expect(new Set(ENDPOINTS).size).toBe(ENDPOINTS.length)
})

describe('a dialect', () => {
  it('of Azure names the deployment in the path of the dated API only', () => {
    const dated = AZURE.route('POST', '/openai/deployments/my%20gpt/chat/completions', 'api-version=x')
    expect(dated).toMatchObject({ endpoint: 'chat.completions', deployment: 'my gpt' })
    expect(AZURE.route('POST', '/openai/chat/completions', 'api-version=x').endpoint).toBe('unknown')
    expect(AZURE.route('POST', '/openai/deployments/d/responses', 'api-version=x').endpoint).toBe('unknown')
    expect(AZURE.route('POST', '/openai/deployments/%/embeddings', 'api-version=x').endpoint).toBe('unknown')
    expect(AZURE.route('POST', '/v1/responses', '').endpoint).toBe('unknown')
  })

  it('of vLLM lets a wrong method be known as such', () => {
    expect(VLLM.route('DELETE', '/v1/responses/resp_1', '').wrongMethod).toBe(true)
    expect(VLLM.route('DELETE', '/v1/conversations/conv_1', '').wrongMethod).toBe(false)
    expect(VLLM.route('POST', '/health', '').wrongMethod).toBe(true)
    expect(VLLM.route('GET', '/openai/v1/models', '').endpoint).toBe('unknown')
  })
})
