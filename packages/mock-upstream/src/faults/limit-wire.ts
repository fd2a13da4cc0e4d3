import type { Exchange } from '../exchange.ts'
import type { Wire } from '../stream/wire.ts'
import type { Place } from './fault.ts'

/** How much of an answer passes, and what happens then. */
export interface Limit {
  readonly place: Place
  /** Half of the event after the last whole one passes too. */
  readonly includeHalf: boolean
  readonly onLimit: () => void
}

/**
 * Lets an answer pass up to a place, sends it, swallows the rest and calls `onLimit` once. A JSON body is one event:
 * its head still announces the full length, so that a client can tell.
 */
export function limitWire(exchange: Exchange, inner: Wire, limit: Limit): Wire {
  const gate = createGate(exchange, inner, limit)
  return {
    ...inner,
    body(status, headers, text) {
      exchange.response.writeHead(status, [...headers, 'content-length', String(Buffer.byteLength(text))])
      gate.afterHead()
      gate.pass(text)
      if (!gate.isClosed()) inner.close()
    },
    open(headers) {
      inner.open(headers)
      gate.afterHead()
    },
    event: gate.pass,
    flush: () => gate.isClosed() || inner.flush(),
    close() {
      if (!gate.isClosed()) inner.close()
    },
  }
}

function createGate(exchange: Exchange, inner: Wire, { place, includeHalf, onLimit }: Limit) {
  let eventsLeft = place.afterEvents ?? Number.POSITIVE_INFINITY
  let bytesLeft = place.afterBytes ?? Number.POSITIVE_INFINITY
  let closed = false
  const closeIf = (reached: boolean) => {
    if (!reached || closed) return
    closed = true
    inner.flush()
    onLimit()
  }
  const isFull = () => bytesLeft <= 0 || (eventsLeft === 0 && !includeHalf)
  return {
    isClosed: () => closed,
    afterHead: () => closeIf(isFull()),
    pass(frame: string) {
      if (closed) return
      if (eventsLeft === 0) {
        inner.event(frame.slice(0, Math.ceil(frame.length / 2)))
        closeIf(true)
        return
      }
      const bytes = Buffer.from(frame)
      if (bytes.length <= bytesLeft) {
        inner.event(frame)
      } else {
        inner.flush()
        // Bytes, not text: the limit may fall inside a character.
        exchange.response.write(bytes.subarray(0, bytesLeft))
      }
      eventsLeft -= 1
      bytesLeft -= bytes.length
      closeIf(isFull())
    },
  }
}
