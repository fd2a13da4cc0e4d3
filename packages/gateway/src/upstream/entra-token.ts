import type { Clock } from '@headgate/scheduler'
import { CredentialError, type CredentialSource, type HeaderField } from '../wire/credential-source.ts'
import type { UpstreamFault } from '../wire/upstream.ts'
import { readTokenAnswer, type TokenAnswer } from './token-answer.ts'

/** What a source of tokens asks of the world. */
export interface EntraTokenOptions {
  /** Asks the token endpoint once, within bounds of its own. Never rejects. */
  readonly ask: () => Promise<TokenAnswer>
  readonly clock: Clock
  /** In [0, 1): spreads what many gateways would do at once. */
  readonly jitter: () => number
  /** Hears how every fetch ended. */
  readonly onFetch?: (fetched: TokenFetched) => void
}

/** How one fetch ended. */
export type TokenFetched =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'failed'; readonly fault: UpstreamFault }

/** A source of tokens, as its owner sees it. */
export interface EntraToken extends CredentialSource {
  /** What a person or a page is told. */
  state(): TokenState
  /** Fetches no more; whoever waits is told so. */
  close(): void
}

/** Where a source stands. */
export interface TokenState {
  /** Of the token at hand; 0 when there is none. */
  readonly validForMs: number
  /** Why the last fetch failed; undefined after one that did not. */
  readonly fault: UpstreamFault | undefined
}

interface Held {
  readonly field: HeaderField
  readonly expiresAtMs: number
}

/** Tokens are replaced 5 minutes before their end, or a fifth of their life where that is less, and up to twice that. */
const longestLeadMs = 300_000
const leadShare = 0.2
/** After a failed fetch nobody asks again before the first of these; doubling to the second. */
const firstPauseMs = 1000
const longestPauseMs = 60_000
/** An upstream that refuses every token is not answered with a token for each refusal. */
const renewalPauseMs = 10_000

/**
 * The bearer tokens of one account, from OAuth 2.0 client credentials (RFC 6749, section 4.4) as Microsoft Entra ID
 * grants them.
 *
 * One fetch serves all who wait. The next token is fetched ahead of the end of the last, which stays in use until it
 * really ends, however often that fails; failures are spaced by a growing pause, within which whoever has no token is
 * told the last fault. The first fetch begins at once.
 */
export function createEntraToken({ ask, clock, jitter, onFetch }: EntraTokenOptions): EntraToken {
  let held: Held | undefined
  let fetching: Promise<HeaderField> | undefined
  let fault: UpstreamFault | undefined
  let failures = 0
  let pausedUntilMs = 0
  let renewableAtMs = 0
  let cancelTimer: (() => void) | undefined
  let closed = false

  function arm(delayMs: number): void {
    cancelTimer?.()
    if (closed) return
    cancelTimer = clock.schedule(delayMs, () => {
      cancelTimer = undefined
      fetchOnce().catch(() => {})
    })
  }

  function fetchOnce(): Promise<HeaderField> {
    fetching ??= fetchToken().finally(() => {
      fetching = undefined
    })
    return fetching
  }

  async function fetchToken(): Promise<HeaderField> {
    const askedAtMs = clock.monotonicMs()
    const answer = readTokenAnswer(await ask())
    if (closed) throw new CredentialError({ kind: 'connect', detail: 'the account was removed' })
    if (answer.kind === 'failed') throw failed(answer.fault)
    const { token, lifeMs } = answer
    onFetch?.({ kind: 'token', token })
    const field = ['authorization', `Bearer ${token}`] as const
    held = { field, expiresAtMs: askedAtMs + lifeMs }
    fault = undefined
    failures = 0
    pausedUntilMs = 0
    const leadMs = Math.min(longestLeadMs, lifeMs * leadShare) * (1 + jitter())
    arm(held.expiresAtMs - leadMs - clock.monotonicMs())
    return field
  }

  function failed(why: UpstreamFault): CredentialError {
    fault = why
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures++) * (0.5 + jitter() / 2)
    pausedUntilMs = clock.monotonicMs() + pauseMs
    arm(pauseMs)
    onFetch?.({ kind: 'failed', fault: why })
    return new CredentialError(why)
  }

  const isFresh = (token: Held | undefined): token is Held =>
    token !== undefined && clock.monotonicMs() < token.expiresAtMs

  arm(0)
  return {
    header() {
      if (isFresh(held)) return held.field
      if (fetching !== undefined) return fetching
      if (fault !== undefined && clock.monotonicMs() < pausedUntilMs)
        return Promise.reject(new CredentialError(fault))
      return fetchOnce()
    },
    renewed(refused) {
      if (isFresh(held) && held.field !== refused) return Promise.resolve(held.field)
      const nowMs = clock.monotonicMs()
      if (fetching === undefined) {
        if (nowMs < renewableAtMs || nowMs < pausedUntilMs) return undefined
        renewableAtMs = nowMs + renewalPauseMs
      }
      return fetchOnce()
    },
    state: () => ({ validForMs: isFresh(held) ? held.expiresAtMs - clock.monotonicMs() : 0, fault }),
    close() {
      closed = true
      cancelTimer?.()
    },
  }
}
