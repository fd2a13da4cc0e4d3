import { hash } from 'node:crypto'
import type { HeaderList } from '../../wire/header-list.ts'

/**
 * What of a client's headers may reach an upstream. Everything else stays here: credentials, cookies,
 * organisation and project (they would bill or fail on the account), forwarding headers, hop-by-hop fields,
 * this gateway's own controls, and agents' metadata with local paths in it.
 */
const allowed = new Set(['accept', 'user-agent', 'openai-beta', 'x-client-request-id'])

/** Goes on as a key of its tenant's: on a shared account a key that another tenant may guess would bring its answer. */
const idempotencyHeader = 'idempotency-key'

/** How many gateways of this kind a request has passed. */
const hopsHeader = 'x-headgate-hops'

/** A text that may be a header's value: nothing in it can end the line. */
export function isHeaderSafe(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code === 0x0d || code === 0x0a || code === 0 || code > 0xff) return false
  }
  return true
}

/** The headers of an upstream request: the allowed ones of the client, and the gateway's own. */
export function requestHeaders(
  client: HeaderList,
  options: { readonly contentType: string | undefined; readonly hops: number; readonly tenant: string },
): HeaderList {
  const headers: (readonly [string, string])[] = []
  if (options.contentType !== undefined) headers.push(['content-type', options.contentType])
  // A compressed stream would arrive late and hide its event boundaries.
  headers.push(['accept-encoding', 'identity'])
  headers.push([hopsHeader, String(options.hops + 1)])
  for (const field of client) {
    const [name, value] = field
    if (allowed.has(name) && isHeaderSafe(value)) headers.push(field)
    else if (name === idempotencyHeader) headers.push([name, scoped(options.tenant, value)])
  }
  return headers
}

const scoped = (tenant: string, key: string): string =>
  hash('sha256', `idempotency:${tenant.length}:${tenant}:${key}`, 'hex')

/** The hops a request has behind it: 0 unless another gateway of this kind said so. */
export function hopsOf(client: HeaderList): number {
  for (const [name, value] of client) {
    if (name === hopsHeader) return /^\d{1,3}$/.test(value) ? Number(value) : 1
  }
  return 0
}
