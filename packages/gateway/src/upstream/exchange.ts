import type { Dispatcher } from 'undici'
import type { UpstreamExchange, UpstreamFault, UpstreamListener } from '../wire/upstream.ts'
import { faultOf } from './fault-of.ts'

/**
 * One exchange as undici's dispatch drives it: the handler it calls and the handle the pipeline holds, in one
 * object, so that neither side needs to find the other.
 *
 * The time to the response head is counted from `send`, connecting and waiting for a free socket included: undici
 * starts its own count only when the request is on the wire.
 */
export class DispatchedExchange implements Dispatcher.DispatchHandler, UpstreamExchange {
  #listener: UpstreamListener | undefined
  readonly #onOver: (exchange: DispatchedExchange) => void
  #controller: Dispatcher.DispatchController | undefined
  #headTimer: NodeJS.Timeout | undefined
  #requestSent = false
  #headHeard = false
  #paused = false
  /** A body is streamed, and its next chunk has not come. */
  #clientsTurn = false

  /** `onOver` is called once, when the listener hears nothing more. */
  constructor(
    listener: UpstreamListener,
    headersTimeoutMs: number,
    onOver: (exchange: DispatchedExchange) => void,
  ) {
    this.#listener = listener
    this.#onOver = onOver
    this.#headTimer = setTimeout(expireHead, headersTimeoutMs, this)
  }

  pause(): void {
    this.#paused = true
    this.#controller?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#controller?.resume()
  }

  abort(): void {
    if (this.#listener === undefined) return
    this.#release()
    this.#stop('aborted')
  }

  /**
   * A body on its way. The time to the head starts again with each chunk that is handed over, so that it bounds how
   * long the upstream takes for each and, at the end, for its answer; how long the client takes is not its concern.
   */
  async *pacing(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    this.#clientsTurn = true
    for await (const chunk of body) {
      this.#upstreamsTurn()
      yield chunk
      this.#clientsTurn = true
    }
    this.#upstreamsTurn()
  }

  /** The head did not come in time. */
  expire(): void {
    if (this.#clientsTurn && this.#requestSent) {
      this.#headTimer?.refresh()
      return
    }
    this.#fail({ kind: 'headers_timeout' })
    this.#stop('no response head in time')
  }

  /** The gateway closes. */
  close(): void {
    this.#fail({ kind: 'closed', detail: 'the gateway is closing' })
    this.#stop('the gateway is closing')
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#listener === undefined) {
      controller.abort(new Error('aborted'))
      return
    }
    this.#requestSent = true
    if (this.#paused) controller.pause()
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 103 Early Hints and the like: the answer itself is still to come.
    if (statusCode < 200) return
    clearTimeout(this.#headTimer)
    this.#headHeard = true
    this.#listener?.head(statusCode, headerList(headers))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#listener?.data(chunk)
  }

  onResponseEnd(): void {
    this.#release()?.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#fail(faultOf(error, { requestSent: this.#requestSent, headHeard: this.#headHeard }))
  }

  #fail(fault: UpstreamFault): void {
    clearTimeout(this.#headTimer)
    this.#release()?.fault(fault, { requestSent: this.#requestSent })
  }

  #upstreamsTurn(): void {
    this.#clientsTurn = false
    if (!this.#headHeard && this.#listener !== undefined) this.#headTimer?.refresh()
  }

  #release(): UpstreamListener | undefined {
    const listener = this.#listener
    this.#listener = undefined
    if (listener !== undefined) this.#onOver(this)
    return listener
  }

  #stop(why: string): void {
    clearTimeout(this.#headTimer)
    this.#controller?.abort(new Error(why))
  }
}

function expireHead(exchange: DispatchedExchange): void {
  exchange.expire()
}

/** undici has decoded the fields already; an array stands for a repeated one. */
function headerList(headers: Record<string, string | string[] | undefined>): [string, string][] {
  const list: [string, string][] = []
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') list.push([name, value])
    else if (value !== undefined) for (const one of value) list.push([name, one])
  }
  return list
}
