import type { Exchange } from '../exchange.ts'
import type { Wire } from '../stream/wire.ts'
import { cut } from './cut.ts'
import { errorInside200 } from './error-inside-200.ts'
import type { Fault } from './fault.ts'
import { answerEmpty, answerHtml, answerRedirect, answerStatus } from './instead.ts'
import { notJson } from './malformed.ts'
import { garbageAfterEnd, hugeEvent, hugeHeaders } from './oversize.ts'
import { slowDrip } from './slow-drip.ts'
import { stall } from './stall.ts'

/** Lets a fault strike: either it answers instead of the endpoint, or it wraps the wire and lets `proceed` answer. */
export function applyFault(exchange: Exchange, fault: Fault, proceed: () => void): void {
  exchange.record.fault = fault.kind
  exchange.account.counters.faults += 1
  if (!fault.delayMs) strike(exchange, fault, proceed)
  else exchange.after(fault.delayMs, () => strike(exchange, fault, proceed))
}

function strike(exchange: Exchange, fault: Fault, proceed: () => void): void {
  if (answersInstead(exchange, fault)) return
  exchange.wrapWire(inner => wrapped(exchange, fault, inner))
  proceed()
}

function answersInstead(exchange: Exchange, fault: Fault): boolean {
  switch (fault.kind) {
    case 'status':
      answerStatus(exchange, fault)
      return true
    case 'redirect':
      answerRedirect(exchange, fault)
      return true
    case 'empty':
      answerEmpty(exchange)
      return true
    case 'blackHole':
      return true
    case 'malformed':
      if (fault.shape !== 'html') return false
      answerHtml(exchange)
      return true
    case 'cut':
      if (fault.afterEvents !== undefined || fault.afterBytes !== undefined) return false
      exchange.destroySocket(fault.how ?? 'end')
      return true
    default:
      return false
  }
}

function wrapped(exchange: Exchange, fault: Fault, inner: Wire): Wire {
  switch (fault.kind) {
    case 'cut':
      return cut(exchange, fault, inner)
    case 'stall':
      return stall(exchange, fault, inner)
    case 'errorInside200':
      return errorInside200(exchange, fault, inner)
    case 'malformed':
      return notJson(fault, inner)
    case 'slowDrip':
      return slowDrip(exchange, fault)
    case 'garbageAfterEnd':
      return garbageAfterEnd(exchange, fault, inner)
    case 'hugeEvent':
      return hugeEvent(exchange, fault, inner)
    case 'hugeHeaders':
      return hugeHeaders(fault, inner)
    default:
      return inner
  }
}
