import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'
import type { HeaderList } from '../wire/header-list.ts'

/**
 * Writes an answer's head. A field that HTTP cannot carry (a line break, a control character from an upstream) is
 * left out instead of splitting the answer or failing it: Node throws, and the rest is sent without it.
 */
export function sendHead(response: ServerResponse, status: number, headers: HeaderList): void {
  try {
    response.writeHead(status, flatten(headers))
  } catch {
    response.writeHead(status, flatten(headers.filter(isSendable)))
  }
}

function flatten(headers: HeaderList): string[] {
  const flat: string[] = []
  for (const [name, value] of headers) flat.push(name, value)
  return flat
}

function isSendable([name, value]: readonly [string, string]): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false
  }
}
