import type { HeaderList } from '../../wire/header-list.ts'
import { isHeaderSafe } from '../request/request-headers.ts'

/**
 * What of an upstream's headers may reach a client. The rest would set cookies across tenants, name the
 * operator's organisation, project or region, or tell the limits of one account as if they were the client's.
 */
const allowed = new Set([
  'content-type',
  'content-disposition',
  'openai-processing-ms',
  'openai-version',
  'openai-model',
  'x-reasoning-included',
])

/** The headers of a relayed answer: the allowed ones of the upstream, and this request's own id. */
export function responseHeaders(
  upstream: HeaderList,
  options: { readonly requestId: string; readonly body: 'stream' | number | 'unknown' },
): [string, string][] {
  const headers: [string, string][] = []
  for (const [name, value] of upstream) {
    if (allowed.has(name) && isHeaderSafe(value)) headers.push([name, value])
  }
  headers.push(['x-request-id', options.requestId])
  if (options.body === 'stream') {
    // Proxies in between must neither keep nor gather a stream.
    headers.push(['cache-control', 'no-cache, no-transform'], ['x-accel-buffering', 'no'])
  } else if (options.body !== 'unknown') {
    headers.push(['content-length', String(options.body)])
  }
  return headers
}
