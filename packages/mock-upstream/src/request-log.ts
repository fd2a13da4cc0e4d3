/** One request as the mock saw it. */
export interface RequestRecord {
  readonly method: string
  /** Path with its query. */
  readonly path: string
  readonly endpoint: string
  /** Account name; null when the key was missing or unknown. */
  readonly account: string | null
  /** Milliseconds of the mock's clock at the request head. */
  readonly startedAt: number
  /** ... and at the last byte or the closing of the socket; null while it runs. */
  readonly endedAt: number | null
  /** Status sent; null when none was. */
  readonly status: number | null
  readonly model: string | null
  readonly stream: boolean
  readonly previousResponseId: string | null
  /** The conversation that the body names, when it does. */
  readonly conversation: string | null
  /** Bytes of the body read so far. */
  readonly bodyBytes: number
  /** The id given to what the request made: a response, a conversation, a file and so on. */
  readonly responseId: string | null
  /** The client left before the last byte. */
  readonly aborted: boolean
  /** The kind of the fault that answered it. */
  readonly fault: string | null
  /** Headers as received, names in lower case, repeated ones joined with ", "; credentials masked to their last four. */
  readonly headers: Readonly<Record<string, string>>
  /** The JSON body as received, when the mock was made with `captureBodies`. */
  readonly body: string | null
}

/** A record while its request lives; headers stay raw until somebody reads them. */
export interface LiveRecord extends Omit<Mutable<RequestRecord>, 'headers'> {
  rawHeaders: readonly string[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Keeps the last `capacity` requests in a ring; 0 keeps none. */
export class RequestLog {
  readonly #capacity: number
  #ring: LiveRecord[] = []
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add(record: LiveRecord): void {
    if (this.#capacity === 0) return
    this.#ring[this.#next] = record
    this.#next = (this.#next + 1) % this.#capacity
  }

  /** Copies of the kept records, oldest first. */
  read(): RequestRecord[] {
    const oldestFirst = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
    return oldestFirst.map(({ rawHeaders, ...record }) => ({ ...record, headers: maskedHeaders(rawHeaders) }))
  }

  clear(): void {
    this.#ring = []
    this.#next = 0
  }
}

const SECRET_HEADERS = new Set(['authorization', 'api-key', 'x-api-key', 'proxy-authorization', 'cookie'])

function maskedHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase()
    const value = SECRET_HEADERS.has(name) ? mask(raw[index + 1]!) : raw[index + 1]!
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return headers
}

function mask(secret: string): string {
  const scheme = /^[A-Za-z]+ /.exec(secret)?.[0] ?? ''
  const rest = secret.slice(scheme.length)
  return `${scheme}***${rest.length > 8 ? rest.slice(-4) : ''}`
}
