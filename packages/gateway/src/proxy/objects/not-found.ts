import type { ErrorCode } from '../errors/error-catalogue.ts'
import { GatewayError } from '../errors/errors.ts'
import type { OwnerKind } from '../ownership/owner-key.ts'

const codes: Readonly<Record<OwnerKind, ErrorCode>> = {
  response: 'response_not_found',
  conversation: 'conversation_not_found',
  item: 'item_not_found',
  encrypted: 'invalid_encrypted_content',
  chat_completion: 'chat_completion_not_found',
  file: 'file_not_found',
  vector_store: 'vector_store_not_found',
  container: 'container_not_found',
  batch: 'batch_not_found',
}

/**
 * The one answer to an id of a kind that is unknown, somebody else's, malformed, expired or deleted, in the API's own
 * words: nothing tells those apart.
 */
export function objectNotFound(kind: OwnerKind, id: string): GatewayError {
  return new GatewayError(codes[kind], { values: { id } })
}
