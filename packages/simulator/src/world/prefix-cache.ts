import { USUAL_LAW } from './latency.ts'

/** Tokens in one block of a prefix. */
export const BLOCK_TOKENS = 512

interface Kept {
  blocks: readonly number[]
  tokens: number
  atMs: number
}

/** What accounts have cached of one session; it lives as long as the session does. */
export interface PrefixCache {
  /** Tokens of this prompt that an account has cached: the true common prefix with what it saw last. */
  cachedTokens(account: number, blocks: readonly number[], tokens: number, nowMs: number): number
  /** The account has read this prompt. */
  keep(account: number, blocks: readonly number[], tokens: number, nowMs: number): void
}

/** The prompt cache of every account for one session, each entry kept so long after its last use. The account -1 is the best there could be: it saw every turn. */
export function createPrefixCache(keptMs: number = USUAL_LAW.cacheMs): PrefixCache {
  const kept = new Map<number, Kept>()
  return {
    cachedTokens(account, blocks, tokens, nowMs) {
      const entry = kept.get(account)
      if (entry === undefined || nowMs - entry.atMs > keptMs) return 0
      return Math.min(tokens, entry.tokens, commonPrefix(blocks, entry.blocks) * BLOCK_TOKENS)
    },
    keep(account, blocks, tokens, nowMs) {
      kept.set(account, { blocks, tokens, atMs: nowMs })
    },
  }
}

/** How many blocks two prompts have in common from the start. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const n = Math.min(a.length, b.length)
  let i = 0
  while (i < n && a[i] === b[i]) i++
  return i
}
