import type { GatewayError } from '../../src/proxy/errors/errors.ts'
import type { Inbound, Outbound } from '../../src/proxy/exchange.ts'
import type { BodyStream } from '../../src/wire/body-stream.ts'
import type { HeaderList } from '../../src/wire/header-list.ts'
import type {
  Upstream,
  UpstreamExchange,
  UpstreamFault,
  UpstreamListener,
  UpstreamRequest,
} from '../../src/wire/upstream.ts'

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** A client: sends one request, reads as fast as it is told to, may leave at any time. */
export class FakeClient implements Inbound, Outbound {
  readonly method: string
  readonly target: string
  readonly headers: HeaderList
  readonly remoteAddress = '127.0.0.1'
  readonly receivedAtMs = 0
  readonly #body: Promise<Uint8Array> | AsyncIterable<Uint8Array>
  readonly #controller = new AbortController()
  readonly chunks: Uint8Array[] = []
  status = 0
  answerHeaders: HeaderList = []
  ending: 'open' | 'ended' | 'destroyed' = 'open'
  /** False: every write answers that the client is behind. */
  keepsUp = true
  #onDrain: () => void = () => {}
  #failReading: (reason: unknown) => void = () => {}

  constructor(
    method: string,
    target: string,
    headers: HeaderList,
    body: Uint8Array | Promise<Uint8Array> | AsyncIterable<Uint8Array> = new Uint8Array(0),
  ) {
    this.method = method
    this.target = target
    this.headers = headers
    this.#body = Symbol.asyncIterator in body ? body : Promise.resolve(body)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get begun(): boolean {
    return this.status !== 0
  }

  get body(): Uint8Array {
    return Buffer.concat(this.chunks)
  }

  get text(): string {
    return textOf(this.body)
  }

  get error(): { message: string; type: string; param: string | null; code: string } {
    return JSON.parse(this.text).error
  }

  header(name: string): string | undefined {
    return this.answerHeaders.find(([field]) => field === name)?.[1]
  }

  leave(): void {
    this.ending = 'destroyed'
    this.#controller.abort(new DOMException('left', 'AbortError'))
  }

  /** Falls behind until `drain`. */
  dawdle(): void {
    this.keepsUp = false
  }

  drain(): void {
    this.keepsUp = true
    this.#onDrain()
  }

  readBody(_limitBytes?: number, onBytes?: (bytes: number) => void): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.signal.aborted) reject(this.signal.reason)
      this.signal.addEventListener('abort', () => reject(this.signal.reason))
      this.#failReading = reject
      bodyOf(this.#body, onBytes).then(resolve, reject)
    })
  }

  failBody(reason: GatewayError): void {
    this.#failReading(reason)
  }

  openBody(): BodyStream {
    const read = () => this.readBody()
    return {
      length: undefined,
      async *[Symbol.asyncIterator]() {
        yield await read()
      },
      cancel() {},
    }
  }

  begin(status: number, headers: HeaderList): void {
    if (this.ending !== 'open') return
    if (this.begun) throw new Error('the answer began twice')
    this.status = status
    this.answerHeaders = headers
  }

  write(chunk: Uint8Array): boolean {
    if (this.ending !== 'open') return true
    if (!this.begun) throw new Error('bytes before the head')
    this.chunks.push(Uint8Array.from(chunk))
    return this.keepsUp
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener
  }

  end(): void {
    if (this.ending === 'open') this.ending = 'ended'
  }

  destroy(): void {
    if (this.ending === 'open') this.ending = 'destroyed'
  }
}

function bodyOf(
  body: Promise<Uint8Array> | AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void = () => {},
): Promise<Uint8Array> {
  return body instanceof Promise ? body : gathered(body, onBytes)
}

async function gathered(
  body: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) {
    onBytes(chunk.length)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** One exchange as the test plays its upstream side. Says nothing after its end or an abort, like the real one. */
export class FakeExchange implements UpstreamExchange {
  readonly request: UpstreamRequest
  readonly #listener: UpstreamListener
  state: 'running' | 'over' | 'aborted' = 'running'
  paused = false

  constructor(request: UpstreamRequest, listener: UpstreamListener) {
    this.request = request
    this.#listener = listener
  }

  get account(): string {
    return this.request.target.accountId
  }

  get body(): string {
    const { body } = this.request
    if (body === null) return ''
    if (Symbol.asyncIterator in body) return '(a stream)'
    return textOf(body instanceof Uint8Array ? body : Buffer.concat([...body]))
  }

  head(status: number, headers: HeaderList): this {
    if (this.state === 'running') this.#listener.head(status, headers)
    return this
  }

  data(chunk: Uint8Array | string): this {
    const bytes = typeof chunk === 'string' ? bytesOf(chunk) : chunk
    if (this.state === 'running') this.#listener.data(bytes)
    return this
  }

  end(): void {
    if (this.state !== 'running') return
    this.state = 'over'
    this.#listener.end()
  }

  fault(fault: UpstreamFault, options: { requestSent: boolean } = { requestSent: true }): void {
    if (this.state !== 'running') return
    this.state = 'over'
    this.#listener.fault(fault, options)
  }

  json(status: number, value: unknown, headers: HeaderList = []): void {
    this.head(status, [['content-type', 'application/json'], ...headers])
    this.data(JSON.stringify(value)).end()
  }

  stream(...events: string[]): this {
    this.head(200, [['content-type', 'text/event-stream; charset=utf-8']])
    for (const event of events) this.data(event)
    return this
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  abort(): void {
    if (this.state === 'running') this.state = 'aborted'
  }
}

/** Upstreams whose every move the test makes, or that answer by themselves when told how. */
export class FakeUpstream implements Upstream {
  readonly exchanges: FakeExchange[] = []
  answer: ((exchange: FakeExchange) => void) | undefined

  send(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    const exchange = new FakeExchange(request, listener)
    this.exchanges.push(exchange)
    const { answer } = this
    if (answer !== undefined) queueMicrotask(() => answer(exchange))
    return exchange
  }

  retain(): void {}

  async close(): Promise<void> {}

  get last(): FakeExchange {
    return this.exchanges.at(-1)!
  }
}
