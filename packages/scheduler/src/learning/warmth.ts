/**
 * Where a session's prompt cache is warm, and for how many tokens: the last accounts that served it, the newest first.
 *
 *   cached tokens at an account = min(tokens it has seen of the session, tokens of the prompt), for ten minutes
 *
 * An estimate from one's own traffic: no upstream tells what it caches before it is asked. OpenAI keeps a prefix for
 * five to ten minutes of disuse; a server of one's own until memory is short.
 *
 * Bounded: {@link MAX_SESSIONS} sessions, of which the one not used for longest is forgotten, with
 * {@link MAX_PLACES} accounts each.
 */
export interface Warmth {
  /** A row has read the session's prompt: it holds that many tokens of it now. */
  note(
    session: string,
    place: { readonly row: number; readonly account: string },
    tokens: number,
    nowMs: number,
  ): void
  /**
   * The places of a session, newest first; empty when nothing is warm any more. A view, not to be written to: who keeps it sees
   * what is noted of the session meanwhile.
   */
  places(session: string, nowMs: number): readonly WarmPlace[]
  readonly size: number
}

export interface WarmPlace {
  readonly row: number
  /** Rows are used again: the place counts only while this is still their account. */
  readonly account: string
  tokens: number
  atMs: number
}

export const MAX_SESSIONS = 65_536
export const MAX_PLACES = 4
const WARM_MS = 600_000
const NOWHERE: readonly WarmPlace[] = []

export function createWarmth(): Warmth {
  /** In the order of their last use, the oldest first. */
  const sessions = new Map<string, WarmPlace[]>()

  return {
    get size() {
      return sessions.size
    },
    note(session, { row, account }, tokens, nowMs) {
      const known = sessions.get(session)
      sessions.delete(session)
      if (known === undefined && sessions.size >= MAX_SESSIONS) {
        const oldest = sessions.keys().next()
        if (!oldest.done) sessions.delete(oldest.value)
      }
      const places = known ?? []
      sessions.set(session, places)
      const at = places.findIndex(place => place.row === row)
      if (at >= 0) places.splice(at, 1)
      places.unshift({ row, account, tokens, atMs: nowMs })
      if (places.length > MAX_PLACES) places.length = MAX_PLACES
    },
    places(session, nowMs) {
      const places = sessions.get(session)
      if (places === undefined) return NOWHERE
      while (places.length > 0 && places.at(-1)!.atMs + WARM_MS <= nowMs) places.pop()
      if (places.length > 0) return places
      sessions.delete(session)
      return NOWHERE
    },
  }
}

/** Tokens of a prompt that a row holds already. */
export function cachedAt(
  places: readonly WarmPlace[],
  row: number,
  ids: readonly string[],
  inputTokens: number,
): number {
  for (const place of places) {
    if (place.row === row && ids[row] === place.account) return Math.min(place.tokens, inputTokens)
  }
  return 0
}
