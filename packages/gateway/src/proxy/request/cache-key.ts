import { hash } from 'node:crypto'
import type { RequestScan } from './scan.ts'
import type { Splice } from './splice.ts'

/**
 * The `prompt_cache_key` of a request that brought none: where to, and which. Derived from the session key, which is
 * scoped by tenant; a hash of it, so that an upstream learns neither the tenant nor the client's own name for the
 * session. 35 characters, of the 64 that upstreams take.
 *
 * Undefined when the body has a key, of whatever type: that is the client's, and the upstream's to judge. `null` is what
 * some clients send for "not set", and is replaced.
 */
export function cacheKeySplice(scan: RequestScan, session: string): Splice | undefined {
  const field = scan.field('prompt_cache_key')
  if (field !== undefined && field.kind !== 'null') return undefined
  const value = `"hg-${hash('sha256', `cache:${session}`, 'hex').slice(0, 32)}"`
  if (field !== undefined) return { start: field.start, end: field.end, bytes: encoder.encode(value) }
  // The body is one valid object, so the first brace is its own.
  const at = scan.bytes.indexOf(0x7b) + 1
  const comma = isEmptyAfter(scan.bytes, at) ? '' : ','
  return { start: at, end: at, bytes: encoder.encode(`"prompt_cache_key":${value}${comma}`) }
}

const encoder = new TextEncoder()

function isEmptyAfter(bytes: Uint8Array, at: number): boolean {
  while (bytes[at]! <= 0x20) at++
  return bytes[at] === 0x7d
}
