import type { ErrorCode } from '../errors/error-catalogue.ts'
import { GatewayError } from '../errors/errors.ts'
import type { OwnerKind } from './owner-key.ts'

const codes: Readonly<Record<OwnerKind, ErrorCode>> = {
  response: 'previous_response_not_found',
  conversation: 'conversation_not_found',
  item: 'item_not_found',
  encrypted: 'invalid_encrypted_content',
  file: 'file_not_found',
  vector_store: 'vector_store_not_found',
  container: 'container_not_found',
  batch: 'batch_not_found',
  chat_completion: 'chat_completion_not_found',
}

/**
 * The one answer to something a body names that is unknown, somebody else's, malformed, expired or gone for good:
 * nothing tells those apart. Clients know how to go on from it.
 */
export function lostOwner(owner: {
  readonly kind: OwnerKind
  readonly id: string
  readonly param: string
}): GatewayError {
  const { kind, id, param } = owner
  return new GatewayError(codes[kind], { param, values: { id } })
}
