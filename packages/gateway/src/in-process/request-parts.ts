/** A call of `fetch`, taken apart. */
export interface RequestParts {
  readonly method: string
  /** What the data plane routes by: `/v1/...` with the query, whatever the base URL was. */
  readonly target: string
  readonly headers: Headers
  readonly body: RequestBytes
  /** In bytes; undefined for a stream. */
  readonly bodyLength: number | undefined
  readonly signal: AbortSignal | undefined
}

/** A body whose length is known, or one that has to be read to find out. `null`: none. */
export type RequestBytes = Uint8Array | ReadableStream<Uint8Array> | null

/**
 * Takes the arguments of `fetch` apart as `fetch` does: `init` goes before what a `Request` says. Throws a
 * `TypeError` for what is no URL, header or body. Text and bytes are taken as they are; everything else becomes a
 * stream, with the content type that `fetch` would give it.
 */
export function requestParts(input: string | URL | Request, init: RequestInit = {}): RequestParts {
  const request = typeof input === 'object' && 'method' in input ? input : undefined
  const headers = new Headers(init.headers ?? request?.headers)
  const body = init.body ?? request?.body ?? null
  return {
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    target: targetOf(request?.url ?? String(input)),
    headers,
    ...bytesOf(body, headers),
    signal: init.signal ?? request?.signal,
  }
}

/**
 * The path from its last `/v1/` on: what stands before belongs to the base URL the client library was given. No id
 * or name behind it can hold a slash. A path without one is passed on, to be refused with the routes there are.
 */
function targetOf(url: string): string {
  const { pathname, search } = new URL(url)
  const start = pathname.lastIndexOf('/v1/')
  return (start === -1 ? pathname : pathname.slice(start)) + search
}

function bytesOf(
  body: NonNullable<RequestInit['body']> | null,
  headers: Headers,
): Pick<RequestParts, 'body' | 'bodyLength'> {
  if (body === null) return { body, bodyLength: 0 }
  if (body instanceof ReadableStream) return { body, bodyLength: undefined }
  if (body instanceof ArrayBuffer) return known(new Uint8Array(body))
  if (ArrayBuffer.isView(body)) return known(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))
  if (typeof body === 'string') {
    if (!headers.has('content-type')) headers.set('content-type', 'text/plain;charset=UTF-8')
    return known(new TextEncoder().encode(body))
  }
  // A form's boundary, a blob's type: whoever serialises it knows.
  const serialised = new Response(body)
  const type = serialised.headers.get('content-type')
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type)
  return { body: serialised.body, bodyLength: body instanceof Blob ? body.size : undefined }
}

const known = (body: Uint8Array) => ({ body, bodyLength: body.length })
