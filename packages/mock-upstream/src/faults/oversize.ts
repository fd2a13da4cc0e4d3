/** Faults that send more than they should. */
import type { Exchange } from '../exchange.ts'
import type { Wire } from '../stream/wire.ts'
import type { GarbageAfterEndFault, HugeEventFault, HugeHeadersFault } from './fault.ts'

const MEGABYTE = 1024 * 1024

/** Replaces one event by one with a giant delta. */
export function hugeEvent(exchange: Exchange, fault: HugeEventFault, inner: Wire): Wire {
  const size = Math.round(fault.megabytes * MEGABYTE)
  let events = 0
  return {
    ...inner,
    body(status, headers, text) {
      inner.body(status, headers, `${' '.repeat(size)}${text}`)
    },
    event(frame) {
      const { wording } = exchange
      const struck = events === (fault.afterEvents ?? wording.firstDelta)
      inner.event(struck ? wording.deltaEvent('x'.repeat(size), events) : frame)
      events += 1
    },
  }
}

/** Adds headers of a kilobyte each. */
export function hugeHeaders(fault: HugeHeadersFault, inner: Wire): Wire {
  const padding: string[] = []
  for (let left = Math.round(fault.kilobytes * 1024), index = 0; left > 0; index++) {
    const size = Math.min(left, 1024)
    padding.push(`x-padding-${index}`, 'x'.repeat(size))
    left -= size
  }
  return {
    ...inner,
    body: (status, headers, text) => inner.body(status, [...headers, ...padding], text),
    open: headers => inner.open([...headers, ...padding]),
  }
}

/** Goes on after the end: within the body, or on the socket after the HTTP message. */
export function garbageAfterEnd(exchange: Exchange, fault: GarbageAfterEndFault, inner: Wire): Wire {
  const { text = 'data: {"garbage":\n\n\u0000trailing', where = 'body' } = fault
  if (where === 'body') {
    return {
      ...inner,
      body: (status, headers, body) => inner.body(status, headers, `${body}${text}`),
      close() {
        inner.event(text)
        inner.close()
      },
    }
  }
  const { socket } = exchange.request
  exchange.response.once('finish', () => socket.write(text))
  return inner
}
