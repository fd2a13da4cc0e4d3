/** Errors about ids that this account does not know, what is bound to another account, and conversations in use. */
import type { ApiError } from './errors.ts'

function invalid(status: number, message: string, param: string | null, code: string | null): ApiError {
  return { status, message, type: 'invalid_request_error', param, code }
}

/** 404 for a conversation of another account, or of none. */
export function conversationNotFound(id: string): ApiError {
  return invalid(404, `Conversation with id '${id}' not found.`, null, null)
}

/** 404 for an item that the conversation does not hold. */
export function conversationItemNotFound(id: string, conversationId: string): ApiError {
  return invalid(404, `Item with id '${id}' not found in conversation '${conversationId}'.`, null, null)
}

/** 404 for an input item that refers to one this account does not keep. */
export function itemNotFound(id: string): ApiError {
  const message = `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`
  return invalid(404, message, 'input', null)
}

/** 404 for a file; `param` is where it was named. */
export function fileNotFound(id: string, param = 'id'): ApiError {
  return invalid(404, `No such File object: ${id}`, param, null)
}

/** 404 for a vector store; `param` is where it was named. */
export function vectorStoreNotFound(id: string, param: string | null = null): ApiError {
  return invalid(404, `Vector store with id '${id}' not found.`, param, null)
}

/** 404 for a container; `param` is where it was named. */
export function containerNotFound(id: string, param: string | null = null): ApiError {
  return invalid(404, `Container with id '${id}' not found.`, param, null)
}

/** 404 for a batch. */
export function batchNotFound(id: string): ApiError {
  return invalid(404, `No batch found with id '${id}'.`, null, null)
}

/** 404 for a chat completion that was not stored, or not here. */
export function chatCompletionNotFound(id: string): ApiError {
  return invalid(404, `Chat completion with id '${id}' not found.`, null, null)
}

/** 400 while a response runs on the conversation. */
export function conversationLocked(): ApiError {
  const message =
    'Another process is currently operating on this conversation. Please retry in a few seconds.'
  return invalid(400, message, 'conversation', 'conversation_locked')
}

/** 400 for a conversation that holds as much as the mock lets it. */
export function conversationFull(limit: number): ApiError {
  const message = `This mock keeps at most ${limit} items of a conversation. Begin another one.`
  return invalid(400, message, 'conversation', null)
}

/** 400 for a request that names both what it continues and where it belongs. */
export function exclusiveParameters(): ApiError {
  const message =
    "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Provide only one of them."
  return invalid(400, message, 'previous_response_id', 'mutually_exclusive_parameters')
}

/** 400 for encrypted content that another account made (`foreign`), or nobody; shows both ends of it, as the real one does. */
export function invalidEncryptedContent(content: string, verdict: 'foreign' | 'garbage'): ApiError {
  const shown = `${content.slice(0, 4)}...${content.slice(-4)}`
  const reason =
    verdict === 'foreign'
      ? 'Encrypted content organization_id did not match the target organization.'
      : 'Encrypted content could not be decrypted or parsed.'
  const message = `The encrypted content ${shown} could not be verified. Reason: ${reason}`
  return invalid(400, message, null, 'invalid_encrypted_content')
}
