import type { Wire } from '../stream/wire.ts'
import type { MalformedFault } from './fault.ts'

/** Breaks the JSON of one event, or of the body, and leaves everything else as it is. */
export function notJson(fault: MalformedFault, inner: Wire): Wire {
  const { afterEvents = 0 } = fault
  let events = 0
  return {
    ...inner,
    body(status, headers, text) {
      inner.body(status, headers, `${text.slice(0, text.length >> 1)}<<broken`)
    },
    event(frame) {
      const broken = events === afterEvents
      events += 1
      // The data keeps its opening brace and loses its end, as a buffer overrun would leave it.
      inner.event(broken ? `${frame.slice(0, (frame.length * 2) / 3).trimEnd()}\n\n` : frame)
    },
  }
}
