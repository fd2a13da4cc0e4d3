import {
  errorBody,
  methodNotAllowed,
  modelNotFound,
  previousResponseNotFound,
  unknownUrl,
} from '../errors.ts'
import { matchRoute } from '../route.ts'
import type { Dialect } from './dialect.ts'

/** The service itself. */
export const OPENAI: Dialect = {
  route: (method, path) => matchRoute(method, path),
  headers({ contentType, account, nextId, elapsedMs }) {
    const headers = ['content-type', contentType, 'x-request-id', nextId('req_')]
    headers.push('openai-processing-ms', String(elapsedMs), ...account.headers)
    return headers
  },
  errorText: error => error.text ?? errorBody(error),
  unknownUrl,
  methodNotAllowed,
  modelNotFound,
  previousResponseNotFound,
  stores: () => true,
  usageDetails: true,
  contentFilter: false,
  checksReferences: true,
}
