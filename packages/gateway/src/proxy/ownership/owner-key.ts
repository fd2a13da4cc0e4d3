import { hash } from 'node:crypto'

/** What an id or an encrypted content names: things that exist at one state domain only. */
export type OwnerKind =
  | 'response'
  | 'conversation'
  | 'item'
  | 'encrypted'
  | 'file'
  | 'vector_store'
  | 'container'
  | 'batch'
  | 'chat_completion'

/**
 * The hard key of one such thing: its kind and the SHA-256 of its id, so that no store ever holds an id, which is
 * all that it takes to read what it names. The scheduler adds tenant and pool. A text and its UTF-8 give the same key. About
 * 1 us for an id, 2 us more a KB.
 */
export function ownerKey(kind: OwnerKind, id: string | Uint8Array): string {
  return `${kind}:${hash('sha256', id, 'hex')}`
}

/** Whether a hard key names a response. */
export function isResponseKey(key: string): boolean {
  return key.startsWith('response:')
}

/**
 * The hard key of an item that a list has told, a conversation's or a response's: good in the paths below that alone. A
 * client may have chosen the id itself, and it may be somebody else's.
 */
export function listedItemKey(within: string, id: string): string {
  return ownerKey('item', `${within} ${id}`)
}
