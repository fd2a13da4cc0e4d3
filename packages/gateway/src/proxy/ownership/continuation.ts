import { GatewayError } from '../errors/errors.ts'
import { describe, type RequestScan } from '../request/scan.ts'
import { idShape } from '../routing/route.ts'
import { ownerKey } from './owner-key.ts'

/** Which stored state a create continues. */
export interface Continuation {
  readonly kind: 'response' | 'conversation'
  readonly id: string
  readonly key: string
}

/**
 * The stored state a request continues, if any. `null` counts as absent. Throws `mutually_exclusive`,
 * `invalid_type` or `invalid_value`; an id in a form no upstream gives out is `previous_response_not_found`,
 * the same answer as for one that is unknown or someone else's.
 */
export function continuation(scan: RequestScan): Continuation | undefined {
  const previous = previousResponse(scan)
  const conversation = conversationId(scan)
  if (previous !== undefined && conversation !== undefined) {
    throw new GatewayError('mutually_exclusive', { param: 'previous_response_id' })
  }
  if (previous !== undefined) return { kind: 'response', id: previous, key: ownerKey('response', previous) }
  if (conversation !== undefined) {
    return { kind: 'conversation', id: conversation, key: ownerKey('conversation', conversation) }
  }
  return undefined
}

/** The one answer to every id that is not this tenant's to continue. */
export function previousResponseNotFound(): GatewayError {
  return new GatewayError('previous_response_not_found', { param: 'previous_response_id' })
}

function previousResponse(scan: RequestScan): string | undefined {
  const field = scan.field('previous_response_id')
  if (field === undefined || field.kind === 'null') return undefined
  if (field.kind !== 'string') {
    throw new GatewayError('invalid_type', {
      param: 'previous_response_id',
      values: {
        param: 'previous_response_id',
        expected: 'the id of a response',
        given: describe(field.kind),
      },
    })
  }
  // Longer than any id, escapes included: not worth reading.
  const id = field.end - field.start > 1024 ? undefined : scan.value(field)
  if (typeof id !== 'string' || !idShape.test(id)) throw previousResponseNotFound()
  return id
}

function conversationId(scan: RequestScan): string | undefined {
  const field = scan.field('conversation')
  if (field === undefined || field.kind === 'null') return undefined
  const invalid = () =>
    new GatewayError('invalid_value', {
      param: 'conversation',
      values: { param: 'conversation', expected: 'the id of a conversation, or an object with its id' },
    })
  if ((field.kind !== 'string' && field.kind !== 'object') || field.end - field.start > 4096) throw invalid()
  const value = scan.value(field)
  const id = typeof value === 'string' ? value : (value as { id?: unknown }).id
  if (typeof id !== 'string' || !idShape.test(id)) throw invalid()
  return id
}
