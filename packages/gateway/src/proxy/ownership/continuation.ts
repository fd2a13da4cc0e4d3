import { GatewayError } from '../errors/errors.ts'
import type { JsonField } from '../request/json-scanner.ts'
import { describe, type RequestScan } from '../request/scan.ts'
import { idShape } from '../routing/route.ts'
import { FoundReferences, type Reference } from './found-references.ts'
import { lostOwner } from './lost-owner.ts'
import { ownerKey } from './owner-key.ts'

/** Which stored state a create continues. */
export interface Continuation extends Reference {
  readonly kind: 'response' | 'conversation'
}

/**
 * The stored state a request continues, if any. `null` counts as absent. Throws `mutually_exclusive`, `invalid_type`
 * or `invalid_value`; an id in a form no upstream gives out gets the same answer as one that is unknown or someone
 * else's.
 */
export function continuation(scan: RequestScan): Continuation | undefined {
  const previous = previousResponse(scan)
  const conversation = conversationOf(scan)
  if (previous !== undefined && conversation !== undefined) {
    throw new GatewayError('mutually_exclusive', { param: 'previous_response_id' })
  }
  return previous ?? conversation
}

function previousResponse(scan: RequestScan): Continuation | undefined {
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
  return named(scan, 'response', 'previous_response_id', field)
}

function conversationOf(scan: RequestScan): Continuation | undefined {
  const field = scan.field('conversation')
  if (field === undefined || field.kind === 'null') return undefined
  const invalid = () =>
    new GatewayError('invalid_value', {
      param: 'conversation',
      values: { param: 'conversation', expected: 'the id of a conversation, or an object with its id' },
    })
  if (field.kind === 'string') return named(scan, 'conversation', 'conversation', field)
  const ids =
    field.kind === 'object' ? new FoundReferences(scan.bytes).stringsOf(field.start, 'id') : undefined
  if (ids?.length !== 1) throw invalid()
  return wellFormed('conversation', 'conversation', ids[0]!)
}

function named(scan: RequestScan, kind: Continuation['kind'], param: string, field: JsonField): Continuation {
  // Longer than any id, escapes included: not worth reading.
  return wellFormed(kind, param, field.end - field.start > 1024 ? '' : (scan.value(field) as string))
}

function wellFormed(kind: Continuation['kind'], param: string, id: string): Continuation {
  if (!idShape.test(id)) throw lostOwner({ kind, id, param })
  return { kind, id, key: ownerKey(kind, id), param, removable: undefined }
}
