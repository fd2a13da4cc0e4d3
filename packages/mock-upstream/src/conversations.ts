import { SHELF_LIMITS } from './object-shelf.ts'

/** One item of a conversation, as it is listed. */
export interface ConversationItem {
  readonly id: string
  readonly [field: string]: unknown
}

/** A conversation of one account. */
export interface Conversation {
  readonly id: string
  readonly createdAt: number
  metadata: unknown
  /** Oldest first. */
  items: ConversationItem[]
  /** A response runs on it, and no other may. */
  locked: boolean
  /** Characters held, about. */
  size: number
}

/** A conversation that holds this many items takes no more, so that none fills the memory alone. */
export const MAX_CONVERSATION_ITEMS = 10_000

/** The conversations of an account; the oldest are forgotten when there are too many. Knows which items there are. */
export class Conversations {
  readonly #byId = new Map<string, Conversation>()
  readonly #itemIds = new Set<string>()
  #size = 0

  get count(): number {
    return this.#byId.size
  }

  add(conversation: Conversation): void {
    this.#byId.set(conversation.id, conversation)
    for (const { id } of conversation.items) this.#itemIds.add(id)
    this.#grow(conversation, conversation.size)
  }

  get(id: string): Conversation | undefined {
    return this.#byId.get(id)
  }

  /** Adds items of about `size` characters at the end. */
  append(conversation: Conversation, items: readonly ConversationItem[], size: number): void {
    conversation.items.push(...items)
    conversation.size += size
    if (!this.#byId.has(conversation.id)) return
    for (const { id } of items) this.#itemIds.add(id)
    this.#grow(conversation, size)
  }

  deleteItem(conversation: Conversation, itemId: string): void {
    conversation.items = conversation.items.filter(({ id }) => id !== itemId)
    this.#itemIds.delete(itemId)
  }

  delete(id: string): void {
    const conversation = this.#byId.get(id)
    if (conversation === undefined) return
    for (const item of conversation.items) this.#itemIds.delete(item.id)
    this.#size -= conversation.size
    this.#byId.delete(id)
  }

  hasItem(id: string): boolean {
    return this.#itemIds.has(id)
  }

  clear(): void {
    this.#byId.clear()
    this.#itemIds.clear()
    this.#size = 0
  }

  #grow(grown: Conversation, by: number): void {
    this.#size += by
    for (const id of this.#byId.keys()) {
      if (this.#byId.size <= SHELF_LIMITS.count && this.#size <= SHELF_LIMITS.size) return
      if (id !== grown.id) this.delete(id)
    }
  }
}
