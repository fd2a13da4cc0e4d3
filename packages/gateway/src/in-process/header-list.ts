import type { HeaderList } from '../wire/header-list.ts'
import type { RequestParts } from './request-parts.ts'

/** What says how long the body is, which the body says better. */
const framing = new Set(['content-length', 'transfer-encoding', 'expect'])
const credentials = new Set(['authorization', 'api-key', 'x-api-key'])

/** The headers of a call as the data plane takes them; `key`, when there is one, goes before what the caller sends. */
export function headerList({ headers, bodyLength }: RequestParts, key: string | undefined): HeaderList {
  const list: (readonly [string, string])[] = []
  for (const field of headers) {
    if (framing.has(field[0]) || (key !== undefined && credentials.has(field[0]))) continue
    list.push(field)
  }
  if (key !== undefined) list.push(['authorization', `Bearer ${key}`])
  if (bodyLength !== undefined) list.push(['content-length', String(bodyLength)])
  return list
}
