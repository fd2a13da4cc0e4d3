import { hashText } from './random.ts'

/** A place in a conversation: what was said up to here, as a hash, its length in tokens, and the turns taken. */
export interface PromptContext {
  readonly hash: number
  readonly tokens: number
  readonly turn: number
}

/** One message of a prompt. */
export interface PromptItem {
  readonly role: string
  readonly text: string
}

/** What reading a prompt found. */
export interface PromptReading {
  readonly inputTokens: number
  readonly cachedTokens: number
  /** The place after the prompt, before the reply. */
  readonly context: PromptContext
  /** Prefixes that `finish` will remember. */
  readonly unseen: readonly number[]
}

const REMEMBERED_PREFIXES = 16_384

/** Tokens of a text, at four characters each, at least one. */
export function estimateTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4))
}

/**
 * Remembers which prompt prefixes an account has read, message by message, as the real prompt cache does by blocks.
 * There is no minimum length and no expiry: any repeated first message counts as cached. Bounded, oldest out first.
 */
export class PromptCache {
  readonly #prefixes = new Set<number>()

  /**
   * Reads `items` after `from` (null: a new conversation about `model`). The longest known prefix counts as cached.
   * Nothing is remembered until `finish`, so that a refused request warms nothing.
   */
  read(model: string, from: PromptContext | null, items: readonly PromptItem[]): PromptReading {
    let { hash, tokens, turn } = from ?? { hash: hashText(model), tokens: 0, turn: 0 }
    const unseen: number[] = []
    let cachedTokens = from !== null && this.#prefixes.has(hash) ? tokens : 0
    for (const item of items) {
      hash = hashItem(hash, item)
      tokens += estimateTokens(item.text)
      if (item.role === 'user') turn += 1
      if (this.#prefixes.has(hash)) cachedTokens = tokens
      else unseen.push(hash)
    }
    return { inputTokens: tokens, cachedTokens, context: { hash, tokens, turn }, unseen }
  }

  /** Adds the reply to what was read; the next turn will find both cached. */
  finish({ context, unseen }: PromptReading, reply: string, outputTokens: number): PromptContext {
    for (const prefix of unseen) this.#remember(prefix)
    const hash = hashItem(context.hash, { role: 'assistant', text: reply })
    this.#remember(hash)
    return { hash, tokens: context.tokens + outputTokens, turn: context.turn }
  }

  clear(): void {
    this.#prefixes.clear()
  }

  #remember(hash: number): void {
    this.#prefixes.add(hash)
    if (this.#prefixes.size <= REMEMBERED_PREFIXES * 1.1) return
    // In batches: each walk begins by passing over what earlier ones deleted.
    for (const oldest of this.#prefixes) {
      if (this.#prefixes.size <= REMEMBERED_PREFIXES) return
      this.#prefixes.delete(oldest)
    }
  }
}

function hashItem(hash: number, item: PromptItem): number {
  return hashText(item.text, hashText(item.role, hash))
}
