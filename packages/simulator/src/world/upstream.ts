import type { Outcome } from '@headgate/scheduler'
import { drawFor, normalFor } from '../chance.ts'
import type { WorldAccount } from './accounts.ts'
import type { Incidents } from './incidents.ts'
import { decodeMs, firstTokenMs, noise, type ServerLaw, USUAL_LAW } from './latency.ts'
import type { PrefixCache } from './prefix-cache.ts'
import { createTokenBucket, type TokenBucket } from './token-bucket.ts'

/** A prompt as an upstream sees it. */
export interface Prompt {
  /** Unique in a run: luck belongs to it. */
  readonly serial: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly blocks: readonly number[]
  readonly cache: PrefixCache
}

/** How an attempt will go on: a first token, or a failure, after so many milliseconds. */
export type Reply =
  | { readonly kind: 'serves'; readonly afterMs: number; readonly cachedTokens: number }
  | { readonly kind: 'fails'; readonly afterMs: number; readonly outcome: Outcome }

/** What the accounts' rate-limit headers would say of tokens. */
export interface TokenWindow {
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
}

/** The accounts' side of the world. Whoever begins an attempt ends it, once. */
export interface Upstream {
  readonly accounts: readonly WorldAccount[]
  begin(account: number, prompt: Prompt, attempt: number, nowMs: number): Reply
  /** The first token is out, the prompt read and cached; answers how long the rest takes. */
  firstToken(account: number, prompt: Prompt, nowMs: number): number
  end(account: number): void
  inUse(account: number): number
  tokenWindow(account: number, nowMs: number): TokenWindow | undefined
}

/** The world's knobs; each has the value that figures are compared by. */
export interface UpstreamOptions {
  readonly seed: number
  readonly wallStartMs: number
  readonly incidents: Incidents
  /** Share of attempts that fail without an incident. */
  readonly backgroundErrors: number
  /** Default: the law that figures are compared by. */
  readonly law?: ServerLaw
}

/** How long a refusal or a dead account takes to answer. */
const FAIL_MS = 150
const REFUSE_MS = 50

// Which draw of a request: each decision has luck of its own.
const NOISE = 0
const TAIL = 2
const DEPTH = 3
const ERROR = 4

/** Creates the accounts' side of the world. Throws when a slot too many is taken: the scheduler must not do that. */
export function createUpstream(accounts: readonly WorldAccount[], options: UpstreamOptions): Upstream {
  const { seed, incidents, backgroundErrors, wallStartMs, law = USUAL_LAW } = options
  const inUse = new Int32Array(accounts.length)
  const buckets: TokenBucket[] = accounts.map(({ tokensPerMinute }) => createTokenBucket(tokensPerMinute))
  const quotas = incidents.all.filter(incident => incident.kind === 'quota')
  const spent = quotas.map(() => new Map<number, number>())

  /** The share of an account's slots in use, the asking request's own among them. */
  const use = (account: number) => inUse[account]! / accounts[account]!.slots

  /** When the account's quota ends, undefined while there is some left. */
  function quotaEndMs(account: number, tokens: number, nowMs: number): number | undefined {
    for (const [place, quota] of quotas.entries()) {
      if (nowMs < quota.fromMs || nowMs >= quota.toMs || !quota.accounts.includes(account)) continue
      const used = spent[place]!.get(account) ?? 0
      if (used + tokens > quota.tokens) return quota.toMs
      spent[place]!.set(account, used + tokens)
    }
    return undefined
  }

  function refusal(account: number, tokens: number, nowMs: number): Reply | undefined {
    const bucket = buckets[account]!
    if (!bucket.take(tokens, nowMs)) {
      const untilMs = wallStartMs + bucket.holdsAtMs(tokens, nowMs)
      return { kind: 'fails', afterMs: REFUSE_MS, outcome: { kind: 'rate_limited', untilMs } }
    }
    const endMs = quotaEndMs(account, tokens, nowMs)
    if (endMs === undefined) return undefined
    const outcome = { kind: 'quota_exhausted', untilMs: wallStartMs + endMs } as const
    return { kind: 'fails', afterMs: REFUSE_MS, outcome }
  }

  return {
    accounts,
    begin(account, prompt, attempt, nowMs) {
      const { serial, inputTokens, outputTokens, blocks, cache } = prompt
      inUse[account] = inUse[account]! + 1
      if (inUse[account]! > accounts[account]!.slots)
        throw new Error(`${accounts[account]!.id} is over its limit of ${accounts[account]!.slots} slots`)
      const ailment = incidents.ailmentOf(account, nowMs)
      if (ailment.dead) return { kind: 'fails', afterMs: FAIL_MS, outcome: { kind: 'transport_error' } }
      const cachedTokens = cache.cachedTokens(account, blocks, inputTokens, nowMs)
      const uncachedTokens = inputTokens - cachedTokens
      const refused = refusal(account, uncachedTokens + outputTokens, nowMs)
      if (refused !== undefined) return refused
      if (drawFor(seed, serial, attempt, ERROR) < Math.max(backgroundErrors, ailment.errorShare))
        return { kind: 'fails', afterMs: FAIL_MS, outcome: { kind: 'server_error' } }
      const luck = noise(
        {
          normal: normalFor(seed, serial, attempt, NOISE),
          tail: drawFor(seed, serial, attempt, TAIL),
          depth: drawFor(seed, serial, attempt, DEPTH),
        },
        law.noise,
      )
      const read = { uncached: uncachedTokens, cached: cachedTokens }
      const quietMs = firstTokenMs(accounts[account]!, read, use(account), law)
      return { kind: 'serves', afterMs: quietMs * ailment.firstToken * luck, cachedTokens }
    },
    firstToken(account, { outputTokens, blocks, inputTokens, cache }, nowMs) {
      cache.keep(account, blocks, inputTokens, nowMs)
      return decodeMs(outputTokens, use(account)) * incidents.ailmentOf(account, nowMs).decode
    },
    end(account) {
      inUse[account] = inUse[account]! - 1
    },
    inUse: account => inUse[account]!,
    tokenWindow(account, nowMs) {
      const bucket = buckets[account]!
      const { perMinute } = bucket
      if (perMinute === Number.POSITIVE_INFINITY) return undefined
      return {
        limit: perMinute,
        remaining: Math.max(0, Math.floor(bucket.level(nowMs))),
        resetMs: bucket.holdsAtMs(perMinute, nowMs) - nowMs,
      }
    },
  }
}
