import type { Clock } from '@headgate/scheduler'
import type { HeaderList } from '../../wire/header-list.ts'
import type {
  Upstream,
  UpstreamExchange,
  UpstreamFault,
  UpstreamListener,
  UpstreamRequest,
} from '../../wire/upstream.ts'

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

/** How long an exchange of the gateway's own may take: nobody who waits for it would wait longer. */
const timeoutMs = 5000

/** Sends a request and gathers its answer within five seconds, for exchanges of the gateway's own. Never rejects. */
export function collect(
  upstream: Upstream,
  request: UpstreamRequest,
  options: { readonly limitBytes: number; readonly clock: Clock },
): Promise<Collected> {
  return new Promise(settle => {
    const chunks: Uint8Array[] = []
    let size = 0
    let status = 0
    let headers: HeaderList = []
    let exchange: UpstreamExchange | undefined
    const cancelTimer = options.clock.schedule(timeoutMs, () => {
      exchange?.abort()
      settle({ kind: 'fault', fault: { kind: 'idle_timeout' } })
    })
    const resolve = (collected: Collected): void => {
      cancelTimer()
      settle(collected)
    }
    const listener: UpstreamListener = {
      head(answered, fields) {
        status = answered
        headers = fields
      },
      data(chunk) {
        size += chunk.length
        if (size > options.limitBytes) {
          exchange?.abort()
          resolve({ kind: 'too_large' })
        } else {
          chunks.push(chunk)
        }
      },
      end: () => resolve({ kind: 'reply', status, headers, body: joinBytes(chunks, size) }),
      fault: fault => resolve({ kind: 'fault', fault }),
    }
    try {
      exchange = upstream.send(request, listener)
    } catch {
      resolve({ kind: 'fault', fault: { kind: 'protocol', detail: 'the request cannot be sent' } })
    }
  })
}

/** One array of all chunks; no copy when there is only one. */
export function joinBytes(chunks: readonly Uint8Array[], size: number): Uint8Array {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
}
