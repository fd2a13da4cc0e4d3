import type { Clock } from '@headgate/scheduler'
import type { GatewayError } from '../proxy/errors/errors.ts'
import type { Inbound, Outbound } from '../proxy/exchange.ts'
import type { BodyStream } from '../wire/body-stream.ts'
import type { HeaderList } from '../wire/header-list.ts'
import { AnswerBody } from './answer-body.ts'
import { GivenBody, tooLarge, wholeBody } from './given-body.ts'
import type { RequestBytes, RequestParts } from './request-parts.ts'

/** What all exchanges of one fetch function share. */
export interface ExchangeWorld {
  readonly clock: Clock
  readonly stalledReaderMs: number
}

/**
 * One call of the in-process fetch, seen from the pipeline as {@link Inbound} and {@link Outbound}, and from its
 * caller as the promise of a `Response`. What the caller sees is what `fetch` would show it over a socket: a call that
 * is given up rejects with the signal's reason, a body that is cut errors with `TypeError: terminated`.
 */
export class InProcessExchange implements Inbound, Outbound {
  readonly method: string
  readonly target: string
  readonly headers: HeaderList
  readonly remoteAddress = ''
  readonly receivedAtMs: number
  /** Settles when the head is there, or when it never will be. */
  readonly response: Promise<Response>
  readonly #given: RequestBytes
  readonly #length: number | undefined
  readonly #caller: AbortSignal | undefined
  readonly #controller = new AbortController()
  readonly #answer: AnswerBody
  readonly #resolve: (response: Response) => void
  readonly #reject: (reason: unknown) => void
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #bodyFault: GatewayError | undefined
  #phase: 'fresh' | 'begun' | 'ended' | 'gone' = 'fresh'

  constructor(parts: RequestParts, headers: HeaderList, world: ExchangeWorld) {
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    this.method = parts.method
    this.target = parts.target
    this.headers = headers
    this.receivedAtMs = world.clock.monotonicMs()
    this.response = promise
    this.#given = parts.body
    this.#length = parts.bodyLength
    this.#caller = parts.signal
    this.#resolve = resolve
    this.#reject = reject
    this.#answer = new AnswerBody({ ...world, onGone: reason => this.#leave(reason) })
    this.#caller?.addEventListener('abort', this.#onCallerAbort, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get begun(): boolean {
    return this.#phase !== 'fresh'
  }

  async readBody(limitBytes: number, onBytes?: (bytes: number) => void): Promise<Uint8Array> {
    this.signal.throwIfAborted()
    const given = this.#given
    if (given === null) return new Uint8Array(0)
    if (given instanceof ReadableStream) {
      const chunks: Uint8Array[] = []
      for await (const chunk of this.openBody(limitBytes)) {
        onBytes?.(chunk.length)
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    }
    if (given.length > limitBytes) throw tooLarge(limitBytes)
    onBytes?.(given.length)
    return given
  }

  openBody(limitBytes: number): BodyStream {
    this.signal.throwIfAborted()
    if (this.#bodyFault !== undefined) throw this.#bodyFault
    const given = this.#given
    if (given instanceof ReadableStream) {
      this.#reader = given.getReader()
      const { signal } = this
      const onFailure = (error: unknown): void => this.#leave(error)
      const fault = () => this.#bodyFault
      return new GivenBody(this.#reader, { limitBytes, length: this.#length, signal, fault, onFailure })
    }
    if (given !== null && given.length > limitBytes) throw tooLarge(limitBytes)
    return wholeBody(given)
  }

  failBody(reason: GatewayError): void {
    this.#bodyFault ??= reason
    this.#reader?.cancel(reason).catch(() => {})
  }

  begin(status: number, headers: HeaderList): void {
    if (this.#phase !== 'fresh') return
    this.#phase = 'begun'
    const hasBody = status !== 204 && status !== 205 && status !== 304
    this.#resolve(new Response(hasBody ? this.#answer.stream : null, { status, headers: toHeaders(headers) }))
  }

  write(chunk: Uint8Array): boolean {
    return this.#phase === 'begun' ? this.#answer.write(chunk) : true
  }

  onDrain(listener: () => void): void {
    this.#answer.onDrain(listener)
  }

  end(): void {
    if (this.#phase !== 'begun') return
    this.#phase = 'ended'
    this.#forget()
    this.#answer.end()
  }

  destroy(): void {
    this.#leave(new TypeError('terminated'))
  }

  /** The answer is not coming any more: the pipeline is done with this exchange. */
  abandon(): void {
    if (this.#phase !== 'ended') this.destroy()
  }

  readonly #onCallerAbort = (): void => this.#leave(this.#caller!.reason)

  #leave(reason: unknown): void {
    if (this.#phase === 'ended' || this.#phase === 'gone') return
    const begun = this.#phase === 'begun'
    this.#phase = 'gone'
    this.#forget()
    this.#controller.abort(reason)
    if (begun) this.#answer.fail(reason)
    else this.#reject(reason)
  }

  #forget(): void {
    this.#caller?.removeEventListener('abort', this.#onCallerAbort)
    if (!(this.#given instanceof ReadableStream)) return
    const unread = this.#reader ?? (this.#given.locked ? undefined : this.#given)
    unread?.cancel().catch(() => {})
  }
}

/** A field that HTTP cannot carry is left out, as the server does. */
function toHeaders(list: HeaderList): Headers {
  const headers = new Headers()
  for (const [name, value] of list) {
    try {
      headers.append(name, value)
    } catch {}
  }
  return headers
}
