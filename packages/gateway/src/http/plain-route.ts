import type { IncomingMessage, ServerResponse } from 'node:http'
import { isGatewayError } from '../proxy/errors/errors.ts'
import type { HeaderList } from '../wire/header-list.ts'
import { refuseWith } from './error-answer.ts'
import { methodNotServed } from './head.ts'

/** What a plain route is told of its request. */
export interface PlainRequest {
  readonly method: string
  readonly target: string
  readonly headers: HeaderList
  readonly remoteAddress: string
}

/** A whole answer. */
export interface PlainAnswer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: string
}

/**
 * Answers a path that has nothing to do with accounts (`/health`, `/ready`, `/metrics`) beside the pipeline, so
 * that it works while the pipeline is overloaded or draining. A `GatewayError` it throws becomes the answer.
 */
export type PlainRoute = (request: PlainRequest) => PlainAnswer | Promise<PlainAnswer>

const allowed = 'GET, HEAD'

/** Serves one plain route. Only GET and HEAD; never rejects. */
export async function servePlainRoute(
  route: PlainRoute,
  request: IncomingMessage,
  response: ServerResponse,
  headers: HeaderList,
): Promise<void> {
  const method = request.method ?? 'GET'
  const target = request.url ?? '/'
  if (method !== 'GET' && method !== 'HEAD') {
    refuseWith(response, methodNotServed(method, target, allowed))
    return
  }
  const remoteAddress = request.socket.remoteAddress ?? ''
  try {
    const answer = await route({ method, target, headers, remoteAddress })
    const fields = answer.headers.flat()
    fields.push('content-length', String(Buffer.byteLength(answer.body)))
    response.writeHead(answer.status, fields)
    response.end(answer.body)
  } catch (error) {
    if (!isGatewayError(error)) throw error
    refuseWith(response, error)
  }
}
