import type { Exchange } from '../exchange.ts'
import type { Wire } from '../stream/wire.ts'
import type { ErrorInside200Fault } from './fault.ts'

/** Announces success, then reports an error and ends the answer cleanly, as servers that fail late do. */
export function errorInside200(exchange: Exchange, fault: ErrorInside200Fault, inner: Wire): Wire {
  const { afterEvents = 0 } = fault
  let events = 0
  let reported = false
  return {
    ...inner,
    body(status, headers, text) {
      inner.body(status, headers, status === 200 ? exchange.wording.errorJson(fault) : text)
    },
    event(frame) {
      if (reported) return
      if (events < afterEvents) {
        events += 1
        return inner.event(frame)
      }
      reported = true
      for (const event of exchange.wording.errorEvents(fault, events)) inner.event(event)
      inner.close()
    },
    flush: () => reported || inner.flush(),
    close() {
      if (!reported) inner.close()
    },
  }
}
