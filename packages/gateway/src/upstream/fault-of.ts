import { errors } from 'undici'
import type { UpstreamFault } from '../wire/upstream.ts'
import { forbiddenAddressCode } from './connector.ts'
import { ProxyConnectError, proxyRefusedCode } from './tunnel.ts'

const tlsCodes =
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_OSSL|EPROTO$|HOSTNAME_MISMATCH)/

const truncated = 'the body ended before its announced end'

/** How far an exchange had come when it failed. */
export interface FaultProgress {
  readonly requestSent: boolean
  readonly headHeard: boolean
}

/**
 * Says an error of undici, Node's sockets or TLS in the words of {@link UpstreamFault}.
 *
 * A detail is a code, or a message from a fixed list: never a text that quotes a URL, a header or a body.
 */
export function faultOf(error: unknown, progress: FaultProgress): UpstreamFault {
  if (error instanceof errors.HTTPParserError) return parserFault(error.message)
  const { code, message } = describe(error)
  const where = error instanceof ProxyConnectError ? 'the egress proxy: ' : ''
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
      return { kind: 'headers_timeout' }
    case 'UND_ERR_BODY_TIMEOUT':
      return { kind: 'idle_timeout' }
    case 'UND_ERR_CONNECT_TIMEOUT':
      return { kind: 'connect', detail: `${where}timed out` }
    case forbiddenAddressCode:
    case proxyRefusedCode:
      return { kind: 'connect', detail: message }
    case 'UND_ERR_HEADERS_OVERFLOW':
      return { kind: 'protocol', detail: 'the response head is larger than 64 KiB' }
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      // Before a head it is the head itself that contradicts itself: two lengths, a length and chunks.
      return progress.headHeard
        ? { kind: 'closed', detail: truncated }
        : { kind: 'protocol', detail: 'the body is framed in two ways' }
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return { kind: 'protocol', detail: `the request cannot be sent: ${message}` }
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return { kind: 'connect', detail: 'the account was removed or the gateway is closing' }
  }
  if (tlsCodes.test(code)) return { kind: 'tls', detail: where + code }
  if (code === 'UND_ERR_SOCKET' && message.startsWith('bad ')) return { kind: 'protocol', detail: message }
  if (!progress.requestSent) return { kind: 'connect', detail: where + (code === '' ? 'failed' : code) }
  return { kind: 'closed', detail: code === 'UND_ERR_SOCKET' ? message : code }
}

/** The parser's reasons come from a fixed list, in brackets behind a fixed text. */
function parserFault(message: string): UpstreamFault {
  const reason = /\(([^)]*)\)$/.exec(message)?.[1] ?? 'malformed response'
  return reason === 'Invalid EOF state'
    ? { kind: 'closed', detail: truncated }
    : { kind: 'protocol', detail: reason.toLowerCase() }
}

function describe(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: '', message: '' }
  const code = (error as NodeJS.ErrnoException).code
  if (typeof code === 'string' && code !== '') return { code, message: error.message }
  // Several addresses were tried and all failed: the first failure speaks for them.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error.cause
  return first === undefined ? { code: '', message: error.message } : describe(first)
}
