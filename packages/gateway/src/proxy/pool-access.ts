import type { Scheduler } from '@headgate/scheduler'
import type { BlockRule } from './attempt/block-rule.ts'
import type { ModelSource } from './models/models.ts'

/** What a request may need of an account beyond its model. */
export type Capability =
  | 'responses'
  | 'storedResponses'
  | 'background'
  | 'conversations'
  | 'compact'
  | 'inputTokens'
  | 'chat'
  | 'storedChat'
  | 'embeddings'
  | 'files'
  | 'vectorStores'
  | 'containers'
  | 'batches'

/** One account of a pool, as the data plane needs it. */
export interface AccountAccess extends ModelSource {
  /** What it cannot do is false; absent means it can. */
  readonly capabilities?: Readonly<Partial<Record<Capability, boolean>>> | undefined
  /** Longest wait for the first output of a stream; absent: the pool's. */
  readonly firstTokenTimeoutMs?: number | undefined
  /** Knows `prompt_cache_key`; others may refuse a field they do not know. */
  readonly takesPromptCacheKey?: boolean | undefined
}

/** What the data plane needs to know of a pool. */
export interface PoolOptions {
  readonly name: string
  readonly scheduler: Scheduler
  readonly accounts: readonly AccountAccess[]
  /** `hold` keeps a stream back until the model has begun; `early` only until its first event. */
  readonly commit: 'hold' | 'early'
  readonly firstTokenTimeoutMs?: number | undefined
  /** From a generation's arrival to the end of its answer, at most; absent: the limit of all pools. */
  readonly totalTimeoutMs?: number | undefined
  /** Ids nobody here has bound: refused, or sent wherever the request would go anyway. Default `refuse`. */
  readonly unknownOwners?: 'refuse' | 'relay'
  /**
   * Streams that say nothing for `afterMs` (`auto`: longer than nearly all of late) get a second attempt beside the
   * first, for at most the share `budget` of them. Default: none do.
   */
  readonly hedge?: { readonly afterMs: number | 'auto'; readonly budget: number } | undefined
  /**
   * State whose domain is gone for good: refused, or encrypted reasoning of it is left out of the request, which is told
   * in a header. Default `refuse`.
   */
  readonly lostOwners?: 'refuse' | 'replay'
  /** Requests without a session key get one from the head of their conversation. Default false. */
  readonly fingerprint?: boolean
  /** Requests with a session but no `prompt_cache_key` get one, on accounts that take it. Default false. */
  readonly fillPromptCacheKey?: boolean
  /** Answers that take an account out for a while; absent: none. */
  readonly blocks?: readonly BlockRule[] | undefined
  /** Told of every exchange that keeps to this pool, whatever a reload changes meanwhile. */
  readonly exchanges?: ExchangeCount
}

/** Counts exchanges under way; each `begin` is followed by one `end`. */
export interface ExchangeCount {
  begin(): void
  end(): void
}

/** One pool with its accounts by id; built anew on every reload, around the same scheduler. */
export interface PoolAccess extends PoolOptions {
  account(id: string): AccountAccess | undefined
  /** Ids of the accounts that lack one of these, undefined when all have them. Built once per combination. */
  incapable(needs: readonly Capability[]): ReadonlySet<string> | undefined
}

/** Indexes a pool. */
export function createPoolAccess(options: PoolOptions): PoolAccess {
  const byId = new Map(options.accounts.map(account => [account.id, account]))
  const lacking = new Map<string, ReadonlySet<string> | undefined>()
  return {
    ...options,
    account: id => byId.get(id),
    incapable(needs) {
      const name = needs.join()
      if (lacking.has(name)) return lacking.get(name)
      const without = options.accounts.filter(account =>
        needs.some(need => account.capabilities?.[need] === false),
      )
      const ids = without.length === 0 ? undefined : new Set(without.map(account => account.id))
      lacking.set(name, ids)
      return ids
    },
  }
}
