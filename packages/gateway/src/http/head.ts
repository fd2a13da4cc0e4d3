import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../proxy/errors/errors.ts'
import type { HeaderList } from '../wire/header-list.ts'
import type { HttpLimits } from './limits.ts'

/** What the driver itself needs to know of a request's head. */
export interface RequestHead {
  readonly headers: HeaderList
  /** Undefined for a chunked body, 0 for none. */
  readonly contentLength: number | undefined
}

/**
 * Reads a head from the raw fields, in one pass, and refuses what Node lets through although two readers could
 * understand it differently: a repeated Host or Authorization (Node keeps the first), header fields beyond its
 * own limit (dropped in silence), a full URL as target, TRACE, an Upgrade that would be ignored.
 */
export function readHead(request: IncomingMessage, limits: HttpLimits): RequestHead | GatewayError {
  const raw = request.rawHeaders
  if (raw.length > 2 * limits.maxHeaderFields) {
    return new GatewayError('too_many_headers', { values: { limit: limits.maxHeaderFields } })
  }
  const headers: [string, string][] = []
  let contentLength: number | undefined = 0
  let hosts = 0
  let credentials = 0
  let upgrade: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    const value = raw[i + 1]!
    headers.push([name, value])
    switch (name) {
      case 'host':
        hosts++
        break
      case 'authorization':
        credentials++
        break
      case 'content-length':
        contentLength = Number(value)
        break
      case 'transfer-encoding':
        contentLength = undefined
        break
      case 'upgrade':
        upgrade = value
        break
    }
  }
  const refusal = refuse(request, { hosts, credentials, upgrade })
  return refusal ?? { headers, contentLength }
}

function refuse(
  request: IncomingMessage,
  seen: { readonly hosts: number; readonly credentials: number; readonly upgrade: string | undefined },
): GatewayError | null {
  if (request.method === 'PRI') return wrongProtocol('http2')
  if (seen.hosts > 1) return new GatewayError('duplicate_header', { values: { header: 'Host' } })
  if (seen.hosts === 0 && request.httpVersion === '1.1') {
    return new GatewayError('bad_framing', { values: { detail: 'the Host header is missing' } })
  }
  if (seen.credentials > 1) {
    return new GatewayError('duplicate_credentials', { values: { header: 'Authorization' } })
  }
  if (request.method === 'TRACE') return methodNotServed('TRACE', 'this server')
  if (request.url?.charCodeAt(0) !== 0x2f) return new GatewayError('invalid_target')
  if (seen.upgrade !== undefined) {
    return new GatewayError('unsupported_upgrade', { values: { protocol: seen.upgrade } })
  }
  return null
}

/** For CONNECT and TRACE, which no route of this server could ever serve. */
export function methodNotServed(
  method: string,
  path: string,
  allow = 'GET, HEAD, POST, DELETE, OPTIONS',
): GatewayError {
  return new GatewayError('method_not_allowed', {
    values: { method, path, allow },
    headers: [['allow', allow]],
  })
}

/** For a TLS hello or an HTTP/2 preface: the client speaks a protocol this port does not. */
export function wrongProtocol(spoken: 'tls' | 'http2'): GatewayError {
  const detail =
    spoken === 'tls'
      ? 'this port speaks HTTP/1.1 without TLS; use an http:// URL'
      : 'this port speaks HTTP/1.1; use no HTTP/2 prior knowledge'
  return new GatewayError('bad_framing', { values: { detail } })
}
