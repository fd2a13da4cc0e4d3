import { randomUUID } from 'node:crypto'
import { ENTRA_PATH } from '../entra-tokens.ts'
import type { ApiError } from '../errors.ts'
import { fixed, matchRoute, type Route, UNKNOWN_ROUTE } from '../route.ts'
import type { Dialect } from './dialect.ts'
import { OPENAI } from './openai.ts'

/** The body of Azure's own errors, which know only a code and a message. */
function azureError(status: number, code: string, message: string): ApiError {
  const text = JSON.stringify({ error: { code, message } })
  return { status, message, type: 'invalid_request_error', param: null, code, text }
}

/**
 * Azure: `/openai/v1/...`, or the dated API, `/openai/...?api-version=`, which names the deployment of chat and
 * embeddings in the path. Its headers tell resource and region, which a gateway has to drop.
 */
export const AZURE: Dialect = {
  ...OPENAI,
  route: azureRoute,
  headers: ({ contentType, account, elapsedMs }) => [
    ...['content-type', contentType],
    ...['apim-request-id', randomUUID(), 'x-request-id', randomUUID(), 'x-ms-region', 'Sweden Central'],
    ...['x-ms-client-request-id', randomUUID(), 'x-ms-rai-invoked', 'true'],
    ...['x-ms-deployment-name', account.name, 'openai-processing-ms', String(elapsedMs)],
    ...['x-envoy-upstream-service-time', String(elapsedMs), 'x-content-type-options', 'nosniff'],
    ...['strict-transport-security', 'max-age=31536000; includeSubDomains; preload'],
  ],
  unknownUrl: () => azureError(404, '404', 'Resource not found'),
  methodNotAllowed: () => azureError(405, '405', 'Method not allowed'),
  modelNotFound: () =>
    azureError(
      404,
      'DeploymentNotFound',
      'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.',
    ),
  contentFilter: true,
}

/** 401 for a key that is none of the resource's. */
export function azureIncorrectKey(): ApiError {
  return azureError(
    401,
    '401',
    'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
  )
}

/** 401 for an Entra token whose life is over, or that was never issued. */
export function azureInvalidToken(): ApiError {
  return azureError(
    401,
    'Unauthorized',
    'Access token is missing, invalid, audience is incorrect (https://ai.azure.com), or have expired.',
  )
}

function azureRoute(method: string, path: string, query: string): Route {
  if (path.startsWith('/openai/v1/')) return matchRoute(method, path)
  if (ENTRA_PATH.test(path)) return method === 'POST' ? fixed('entra.token') : UNKNOWN_ROUTE
  const dated = /^\/openai\/(?:deployments\/([^/]+)\/)?(.+)$/.exec(path)
  if (dated === null || !new URLSearchParams(query).has('api-version')) return UNKNOWN_ROUTE
  const [, deployment = null, rest] = dated
  const route = matchRoute(method, `/v1/${rest}`)
  const inDeployment = route.endpoint === 'chat.completions' || route.endpoint === 'embeddings'
  if (route.endpoint !== 'unknown' && inDeployment !== (deployment !== null)) return UNKNOWN_ROUTE
  if (deployment === null) return route
  try {
    return { ...route, deployment: decodeURIComponent(deployment) }
  } catch {
    return UNKNOWN_ROUTE
  }
}
