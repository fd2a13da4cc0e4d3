import type { TestGateway } from '../../fixtures/gateway.ts'

export type Bytes = string | Uint8Array

/** Whom a row is sent to: the gateway of its suite, with keys of its own making. */
export type Target = Pick<TestGateway, 'port' | 'key' | 'fetch'>

/** What a row sends, made when the keys are known. */
export type Send = (target: Target) => Bytes | Promise<Bytes>

export const json = 'Content-Type: application/json'
export const close = 'Connection: close'

/** A head of HTTP/1.1, to its blank line. */
export const head = (line: string, ...fields: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: gateway', ...fields, '', ''].join('\r\n')

export const bearer = (target: Target, client?: string): string =>
  `Authorization: Bearer ${target.key(client)}`

export const join = (...parts: Bytes[]): Uint8Array =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part)))

/** A request without a body, with a credential. */
export const ask =
  (line: string, ...fields: string[]): Send =>
  target =>
    head(line, bearer(target), ...fields)

/** A create with these framing fields on top of a credential, and these bytes after it. */
export const framed =
  (fields: readonly string[], body: Bytes = ''): Send =>
  target =>
    join(head('POST /v1/responses', bearer(target), json, ...fields), body)

/** A well-framed request with this body. */
export const post =
  (path: string, content: Bytes, ...fields: string[]): Send =>
  target =>
    join(
      head(`POST ${path}`, bearer(target), json, `Content-Length: ${Buffer.byteLength(content)}`, ...fields),
      content,
    )

export const body = (content: Bytes, ...fields: string[]): Send => post('/v1/responses', content, ...fields)

/** The body of a good create with these fields added or changed. */
export const good = (fields: object = {}): string =>
  JSON.stringify({ model: 'gpt-5.1', input: 'x', ...fields })

export const object = (fields: object): Send => body(good(fields))

/** A good create but for its credential. */
export const credential =
  (...fields: ((target: Target) => string)[] | string[]): Send =>
  target => {
    const lines = fields.map(field => (typeof field === 'string' ? field : field(target)))
    const content = good()
    return Buffer.from(
      head('POST /v1/responses', ...lines, json, `Content-Length: ${content.length}`) + content,
    )
  }

export const chunked = (...chunks: Bytes[]): Uint8Array =>
  join(
    ...chunks.flatMap(chunk => [`${Buffer.byteLength(chunk).toString(16)}\r\n`, chunk, '\r\n']),
    '0\r\n\r\n',
  )
