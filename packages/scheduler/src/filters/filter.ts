import type { Account, Transport } from '../model/account.ts'

/** What a filter may look at of a request. */
export interface FilterFacts {
  readonly model: string
  readonly transport: Transport
  /** The state domain of the request's hard keys; undefined without one. */
  readonly domain: string | undefined
}

/** Under which name a decision counts what a filter left out. */
export type FilterReason = 'platform' | 'model' | 'transport' | 'domain'

/**
 * A rule about what an account *is*, not how it is doing: the answer may change only with the account's
 * configuration, because the engine keeps one index per combination of facts. What changes by the second
 * (cool-downs, ejection, full slots, this request's excluded ids) the engine looks up itself.
 */
export interface Filter {
  readonly reason: FilterReason
  passes(account: Account, facts: FilterFacts): boolean
}
