import type { OwnerKind } from './owner-key.ts'

/** What of an answer is bound to the state domain it came from, before a byte that tells it is relayed. */
export interface Binds {
  /** What the top-level `id` of the answer is; undefined when nobody can ask for it again. */
  readonly answer: OwnerKind | undefined
  /**
   * What inside it is bound as well: `contents` is what outlives an answer that is not stored (encrypted content,
   * containers, files); `all` is that and the ids of its items.
   */
  readonly items: 'none' | 'contents' | 'all'
}

/** Nothing: an answer that names only what is bound already, or nothing at all. */
export const bindsNothing: Binds = { answer: undefined, items: 'none' }
