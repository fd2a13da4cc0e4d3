import type { OwnerKind } from './owner-key.ts'

/** What of an answer is bound to the state domain it came from, before a byte that tells it is relayed. */
export interface Binds {
  /** What the top-level `id` of the answer is; undefined when nobody can ask for it again. */
  readonly answer: OwnerKind | undefined
  /**
   * What inside it is bound as well: `sealed` is encrypted content, which nobody can make up; `contents` is all that
   * outlives an answer that is not stored (containers and files too); `all` is that and the ids of its items.
   */
  readonly items: 'none' | 'sealed' | 'contents' | 'all'
  /** Whose items a list in it tells, by its id. */
  readonly within?: string | undefined
  /** What the `id` of each object of a list is. */
  readonly list?: OwnerKind
  /** Whether the files that a batch names as its output are bound. */
  readonly outputs?: boolean
  /** How long, when not as long as owners are kept otherwise. */
  readonly ttlMs?: number
}

/** Nothing: an answer that names only what is bound already, or nothing at all. */
export const bindsNothing: Binds = { answer: undefined, items: 'none' }

const stored: Binds = { answer: 'response', items: 'all' }
const unstored: Binds = { answer: undefined, items: 'contents' }
const intoConversation: Binds = { answer: undefined, items: 'all' }
/** A run may take hours, and is kept for minutes behind its end; a binding that outlives it costs one 404 upstream. */
const polled: Binds = { answer: 'response', items: 'all', ttlMs: 24 * 3_600_000 }
const storedChat: Binds = { answer: 'chat_completion', items: 'none' }

/** A shortened history: what it repeats may be of the client's own making. */
export const bindsOfCompaction: Binds = { answer: undefined, items: 'sealed' }

/** What the answer to the creation of a response binds. */
export function bindsOfResponse(facts: {
  /** The account keeps it. */
  readonly stored: boolean
  readonly background: boolean
  readonly conversation: boolean
}): Binds {
  if (facts.stored) return stored
  if (facts.background) return polled
  return facts.conversation ? intoConversation : unstored
}

/** What the answer to a chat completion binds. */
export function bindsOfChat(facts: { readonly stored: boolean }): Binds {
  return facts.stored ? storedChat : bindsNothing
}
