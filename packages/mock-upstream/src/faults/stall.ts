import type { Exchange } from '../exchange.ts'
import type { Wire } from '../stream/wire.ts'
import type { StallFault } from './fault.ts'
import { limitWire } from './limit-wire.ts'

/** Goes silent at the fault's place in the body; the socket stays open until the client, or the mock, gives up. */
export function stall(exchange: Exchange, fault: StallFault, inner: Wire): Wire {
  const place = fault.afterBytes === undefined ? { afterEvents: fault.afterEvents ?? 0 } : fault
  return limitWire(exchange, inner, { place, includeHalf: false, onLimit: () => {} })
}
