import { randomUUID } from 'node:crypto'

/** A fresh `req_` and 32 hexadecimal digits: what `x-request-id`, errors and logs call one request. Never repeats. */
export function newRequestId(): string {
  return `req_${randomUUID().replaceAll('-', '')}`
}
