import type { Endpoint } from '../endpoint-names.ts'
import type { ApiError } from '../errors.ts'
import { fixed, matchRoute, type Route, UNKNOWN_ROUTE } from '../route.ts'
import type { Dialect } from './dialect.ts'
import { OPENAI } from './openai.ts'

const SERVED: ReadonlySet<Endpoint> = new Set([
  'responses.create',
  'responses.retrieve',
  'responses.cancel',
  'chat.completions',
  'embeddings',
  'models.list',
] as const)

/** What FastAPI answers by itself: a body with nothing but `detail`. */
function fastApiError(status: number, detail: string): ApiError {
  const text = JSON.stringify({ detail })
  return { status, message: detail, type: 'invalid_request_error', param: null, code: null, text }
}

/** vLLM's OpenAI-compatible server: few endpoints, a response store that is off by default, numbers as error codes. */
export const VLLM: Dialect = {
  ...OPENAI,
  route: vllmRoute,
  headers: ({ contentType }) => ['content-type', contentType, 'server', 'uvicorn'],
  errorText: vllmErrorText,
  unknownUrl: () => fastApiError(404, 'Not Found'),
  methodNotAllowed: () => fastApiError(405, 'Method Not Allowed'),
  modelNotFound: model => ({
    ...{ status: 404, message: `The model \`${model}\` does not exist.`, type: 'NotFoundError' },
    ...{ param: 'model', code: null },
  }),
  previousResponseNotFound: id => ({
    ...{ status: 404, message: `Response with id '${id}' not found.`, type: 'invalid_request_error' },
    ...{ param: 'response_id', code: null },
  }),
  stores: account => account.profile.responseStore ?? false,
  usageDetails: false,
  checksReferences: false,
}

/** 400 for a background request to a server whose store is off. */
export function vllmNoBackground(): ApiError {
  const message =
    'This vLLM engine does not support `store=True` and therefore does not support the background mode. To enable these features, set the environment variable `VLLM_ENABLE_RESPONSES_API_STORE=1` when launching the vLLM server.'
  return { status: 400, message, type: 'invalid_request_error', param: 'background', code: null }
}

/** 401 of a server started with `--api-key`. */
export const VLLM_UNAUTHORIZED = '{"error":"Unauthorized"}'

function vllmRoute(method: string, path: string): Route {
  if (path === '/health' || path === '/version') {
    const endpoint = path === '/health' ? 'vllm.health' : 'vllm.version'
    return method === 'GET' ? fixed(endpoint) : { ...UNKNOWN_ROUTE, wrongMethod: true }
  }
  if (!path.startsWith('/v1/')) return UNKNOWN_ROUTE
  const route = matchRoute(method, path)
  if (SERVED.has(route.endpoint)) return route
  return { ...UNKNOWN_ROUTE, wrongMethod: ['POST', 'GET'].some(other => serves(other, path)) }
}

function serves(method: string, path: string): boolean {
  return SERVED.has(matchRoute(method, path).endpoint)
}

function vllmErrorText({ status, message, type, param, text }: ApiError): string {
  if (text !== undefined) return text
  const named = type === 'invalid_request_error' && status === 400 ? 'BadRequestError' : type
  return JSON.stringify({ error: { message, type: named, param, code: status } })
}
