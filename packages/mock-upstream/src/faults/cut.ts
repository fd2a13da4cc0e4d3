import type { Exchange } from '../exchange.ts'
import type { Wire } from '../stream/wire.ts'
import type { CutFault } from './fault.ts'
import { limitWire } from './limit-wire.ts'

/** Destroys the socket at the fault's place in the body. */
export function cut(exchange: Exchange, fault: CutFault, inner: Wire): Wire {
  return limitWire(exchange, inner, {
    place: fault,
    includeHalf: fault.midEvent === true,
    onLimit: () => exchange.destroySocket(fault.how ?? 'end'),
  })
}
