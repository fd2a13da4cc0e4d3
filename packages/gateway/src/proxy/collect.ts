import type { Upstream, UpstreamFault, UpstreamRequest } from '../upstream/upstream.ts'
import type { HeaderList } from './exchange.ts'

/** A whole small answer, or why there is none. */
export type Collected =
  | {
      readonly kind: 'reply'
      readonly status: number
      readonly headers: HeaderList
      readonly body: Uint8Array
    }
  | { readonly kind: 'fault'; readonly fault: UpstreamFault }
  | { readonly kind: 'too_large' }

/** Sends a request and gathers its answer, for exchanges of the gateway's own. Never rejects. */
export function collect(
  upstream: Upstream,
  request: UpstreamRequest,
  options: { readonly limitBytes: number },
): Promise<Collected> {
  return new Promise(resolve => {
    const chunks: Uint8Array[] = []
    let size = 0
    let status = 0
    let headers: HeaderList = []
    const exchange = upstream.send(request, {
      head(answered, fields) {
        status = answered
        headers = fields
      },
      data(chunk) {
        size += chunk.length
        if (size > options.limitBytes) {
          exchange.abort()
          resolve({ kind: 'too_large' })
        } else {
          chunks.push(chunk)
        }
      },
      end: () => resolve({ kind: 'reply', status, headers, body: joinBytes(chunks, size) }),
      fault: fault => resolve({ kind: 'fault', fault }),
    })
  })
}

/** One array of all chunks; no copy when there is only one. */
export function joinBytes(chunks: readonly Uint8Array[], size: number): Uint8Array {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
}
