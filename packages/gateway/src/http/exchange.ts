import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '@headgate/scheduler'
import type { GatewayError } from '../proxy/errors/errors.ts'
import type { Inbound, Outbound } from '../proxy/exchange.ts'
import type { BodyStream } from '../wire/body-stream.ts'
import type { HeaderList } from '../wire/header-list.ts'
import { BodyReading, bodyTooLarge } from './body.ts'
import { PulledBody } from './body-stream.ts'
import type { ClientAddress } from './client-address.ts'
import type { Connection } from './connection.ts'
import type { RequestHead } from './head.ts'
import { sendHead } from './head-writer.ts'
import type { HttpLimits } from './limits.ts'
import { lingerBeforeClose } from './linger.ts'
import { resetConnection } from './reset.ts'
import { watchStall } from './stall.ts'

const noBody = new Uint8Array(0)
const emptyStream: BodyStream = { length: 0, async *[Symbol.asyncIterator]() {}, cancel() {} }

/** What all exchanges of one server share. */
export interface ServerState {
  readonly limits: HttpLimits
  readonly clock: Clock
  /** Undefined when no proxy is trusted: the peer is the client. */
  readonly clientAddress: ClientAddress | undefined
  draining: boolean
}

/**
 * One request and its answer over `node:http`, seen from the pipeline as {@link Inbound} and {@link Outbound}.
 *
 * One object for both sides, because what one side learns ends the other: a client that leaves aborts the signal,
 * fails the reading of the body and makes every write do nothing. The abort controller is made when somebody asks
 * for the signal: it costs more than the rest of the object.
 */
export class HttpExchange implements Inbound, Outbound {
  readonly method: string
  readonly target: string
  readonly headers: HeaderList
  readonly receivedAtMs: number
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #connection: Connection
  readonly #contentLength: number | undefined
  readonly #server: ServerState
  #phase: 'fresh' | 'begun' | 'ended' | 'gone' = 'fresh'
  #wrote = false
  #controller: AbortController | undefined
  #reading: BodyReading | PulledBody | undefined
  #bodyFault: GatewayError | undefined
  #drainListener: (() => void) | undefined
  #cancelStall: (() => void) | undefined

  constructor(response: ServerResponse, head: RequestHead, connection: Connection, server: ServerState) {
    const request = response.req
    this.#request = request
    this.#response = response
    this.#socket = request.socket
    this.#connection = connection
    this.#contentLength = head.contentLength
    this.#server = server
    this.method = request.method ?? 'GET'
    this.target = request.url ?? '/'
    this.headers = head.headers
    this.receivedAtMs = server.clock.monotonicMs()
  }

  get remoteAddress(): string {
    return addressOf(this.#socket, this.headers, this.#server)
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#phase === 'gone') this.#controller.abort(clientLeft())
    }
    return this.#controller.signal
  }

  get begun(): boolean {
    return this.#phase !== 'fresh'
  }

  /** True until the last byte of the request's body has been taken off the wire. */
  get bodyPending(): boolean {
    return this.#contentLength !== 0 && !this.#request.complete
  }

  /** True once the answer is complete on this side, whether or not it has been sent. */
  get answered(): boolean {
    return this.#phase === 'ended'
  }

  /** True once the client has left or was cut off. */
  get gone(): boolean {
    return this.#phase === 'gone'
  }

  readBody(limitBytes: number, onBytes?: (bytes: number) => void): Promise<Uint8Array> {
    const refusal = this.#refusesBody(limitBytes)
    if (refusal !== undefined) return Promise.reject(refusal)
    if (this.#contentLength === 0) return Promise.resolve(noBody)
    this.#invite()
    const { limits, clock } = this.#server
    return new Promise((resolve, reject) => {
      const options = { limitBytes, limits, clock, onBytes }
      this.#reading = new BodyReading(this.#request, options, { resolve, reject })
    })
  }

  openBody(limitBytes: number): BodyStream {
    const refusal = this.#refusesBody(limitBytes)
    if (refusal !== undefined) throw refusal
    // A request without a body never emits its end.
    if (this.#contentLength === 0) return emptyStream
    this.#invite()
    const { limits, clock } = this.#server
    const body = new PulledBody(this.#request, this.#contentLength, { limitBytes, limits, clock })
    this.#reading = body
    return body
  }

  /** Why no byte of the body is to be read; undefined when there is no reason. */
  #refusesBody(limitBytes: number): unknown {
    if (this.#phase === 'gone') return this.signal.reason
    if (this.#bodyFault !== undefined) return this.#bodyFault
    const length = this.#contentLength
    return length !== undefined && length > limitBytes ? bodyTooLarge(limitBytes) : undefined
  }

  /** The client of `Expect: 100-continue` is told to send only now: who is refused before pays for no body. */
  #invite(): void {
    if (this.#request.headers.expect !== undefined) this.#response.writeContinue()
  }

  /** What was kept of the body is let go; whoever reads it hears why, and may still answer. */
  failBody(fault: GatewayError): void {
    this.#bodyFault = fault
    this.#reading?.fail(fault)
  }

  begin(status: number, headers: HeaderList): void {
    if (this.#phase !== 'fresh') return
    this.#phase = 'begun'
    const { limits, clock } = this.#server
    if (this.bodyPending) lingerBeforeClose(this.#socket, clock, limits.lingerMs)
    if (this.bodyPending || this.#endsConnection()) this.#response.shouldKeepAlive = false
    sendHead(this.#response, status, headers)
    process.nextTick(flushLonelyHead, this)
  }

  write(chunk: Uint8Array): boolean {
    if (this.#phase !== 'begun') return true
    this.#wrote = true
    if (this.#response.write(chunk)) return true
    this.#awaitDrain()
    return false
  }

  onDrain(listener: () => void): void {
    this.#drainListener = listener
  }

  end(): void {
    if (this.#phase !== 'begun') return
    this.#phase = 'ended'
    this.#response.end()
    // Whatever is left of a body that nobody read flows into the void until the connection closes.
    if (this.bodyPending) this.#request.resume()
  }

  destroy(): void {
    if (this.#phase === 'ended' || this.#phase === 'gone') return
    // Without chunks or a length, HTTP/1.0 takes any close for the end of the body: only a reset tells it better.
    if (this.#request.httpVersionMinor === 0) resetConnection(this.#socket)
    else this.#socket.destroy()
    this.leave()
  }

  /** The client is gone, or was cut off, before its answer was complete. Idempotent. */
  leave(): void {
    if (this.#phase === 'gone') return
    this.#phase = 'gone'
    this.#cancelStall?.()
    this.#drainListener = undefined
    this.#controller?.abort(clientLeft())
    if (this.#reading !== undefined) this.#reading.fail(this.signal.reason)
  }

  /** The answer has been sent in full. */
  sent(): void {
    this.#cancelStall?.()
    this.#drainListener = undefined
  }

  /** Sends a head that no body byte follows at once: a stream whose first event is still to come. */
  flushHead(): void {
    if (this.#phase === 'begun' && !this.#wrote) this.#response.flushHeaders()
  }

  /** Only the newest request's answer may: the connection still owes the answers to those before it. */
  #endsConnection(): boolean {
    const { running, closing } = this.#connection
    return (closing || this.#server.draining) && running.at(-1) === this
  }

  #awaitDrain(): void {
    if (this.#cancelStall !== undefined) return
    const { limits, clock } = this.#server
    this.#cancelStall = watchStall(this.#socket, clock, limits.stalledReaderMs)
    this.#response.once('drain', this.#onDrained)
  }

  readonly #onDrained = (): void => {
    this.#cancelStall?.()
    this.#cancelStall = undefined
    this.#drainListener?.()
  }
}

/** Whose request came over a socket: its peer, or whom a trusted proxy names. */
export function addressOf(
  { remoteAddress = '' }: Socket,
  headers: HeaderList,
  { clientAddress }: Pick<ServerState, 'clientAddress'>,
): string {
  return clientAddress === undefined ? remoteAddress : clientAddress(remoteAddress, headers)
}

function flushLonelyHead(exchange: HttpExchange): void {
  exchange.flushHead()
}

function clientLeft(): DOMException {
  return new DOMException('The client left before its answer was complete.', 'AbortError')
}
