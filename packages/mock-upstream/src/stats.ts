import type { Account } from './accounts.ts'
import { addCounters, createCounters, type RequestCounters } from './request-counters.ts'
import type { MockWorld } from './world.ts'

/** What one account has counted. */
export interface AccountStats extends Readonly<RequestCounters> {
  /** Generations from request head to last byte: now, and at most since the start or the last reset. */
  readonly concurrency: { readonly current: number; readonly max: number }
  readonly storedResponses: number
  readonly conversations: number
  readonly files: number
}

/** What the mock has counted: per account by name, and in sum (`concurrency.max` of the sum is the largest of any account). */
export interface MockStats {
  readonly accounts: Readonly<Record<string, AccountStats>>
  readonly total: AccountStats
  /** Requests without a valid key, which belong to no account. */
  readonly unauthorized: number
}

/** A snapshot of the counts. */
export function readStats(world: MockWorld): MockStats {
  const accounts: Record<string, AccountStats> = {}
  const sum = createCounters()
  const concurrency = { current: 0, max: 0 }
  const kept = { storedResponses: 0, conversations: 0, files: 0 }
  for (const account of world.accounts.all()) {
    const stats = accountStats(account)
    accounts[account.name] = stats
    addCounters(sum, account.counters)
    concurrency.current += stats.concurrency.current
    concurrency.max = Math.max(concurrency.max, stats.concurrency.max)
    kept.storedResponses += stats.storedResponses
    kept.conversations += stats.conversations
    kept.files += stats.files
  }
  return { accounts, total: { ...sum, concurrency, ...kept }, unauthorized: world.unauthorized }
}

function accountStats(account: Account): AccountStats {
  const { counters, concurrency, stored, objects } = account
  return {
    ...counters,
    byEndpoint: { ...counters.byEndpoint },
    byStatus: { ...counters.byStatus },
    concurrency: { current: concurrency.inFlight, max: concurrency.max },
    storedResponses: stored.size,
    conversations: objects.conversations.count,
    files: objects.files.count,
  }
}
