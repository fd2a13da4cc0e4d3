import { GatewayError } from '../proxy/errors/errors.ts'
import { wrongProtocol } from './head.ts'
import type { HttpLimits } from './limits.ts'

/** What Node's parser and its connection checks hand to `clientError`. */
export interface ClientError extends Error {
  readonly code?: string
  /** The parser's own words, from a fixed list: safe to repeat. */
  readonly reason?: string
  readonly rawPacket?: Uint8Array
}

/** What to tell a client whose message the parser refused, in its head or in its body. */
export function parseErrorOf(
  error: ClientError,
  limits: HttpLimits,
  where: 'in_head' | 'in_body',
): GatewayError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new GatewayError('header_too_large', { values: { limit: limits.maxHeaderBytes } })
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new GatewayError('headers_timeout', { values: { limit: limits.headersTimeoutMs } })
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new GatewayError('bad_framing', {
        status: 413,
        values: { detail: 'the chunk extensions are too large' },
      })
    case 'HPE_INVALID_EOF_STATE':
      if (where === 'in_body') return new GatewayError('truncated_body')
      return new GatewayError('bad_framing', { values: { detail: 'the connection ended inside the head' } })
  }
  const spoken = protocolOf(error.rawPacket)
  if (spoken !== undefined) return wrongProtocol(spoken)
  return new GatewayError('bad_framing', {
    values: { detail: (error.reason ?? 'parse error').toLowerCase() },
  })
}

/** A TLS record of type handshake begins with 0x16 0x03; an HTTP/2 client begins with `PRI * HTTP/2.0`. */
function protocolOf(packet: Uint8Array | undefined): 'tls' | 'http2' | undefined {
  if (packet === undefined) return undefined
  if (packet[0] === 0x16 && packet[1] === 0x03) return 'tls'
  return packet[0] === 0x50 && packet[1] === 0x52 && packet[2] === 0x49 ? 'http2' : undefined
}
