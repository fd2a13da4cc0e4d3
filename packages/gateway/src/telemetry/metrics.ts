import type { Scheduler } from '@headgate/scheduler'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { RequestRecord } from '../proxy/request-record.ts'
import type { AccountChange } from './account-change.ts'
import { createAccountMetrics } from './account-metrics.ts'
import { type OverloadState, showOverload } from './overload-metrics.ts'
import { createRequestMetrics } from './request-metrics.ts'
import { createSchedulerMetrics } from './scheduler-metrics.ts'
import { showTokens, type TokenReading } from './token-metrics.ts'

/** Everything `/metrics` shows. */
export interface Metrics {
  /** Counts a request that is over; 2 to 3 us. */
  observe(record: RequestRecord): void
  /** Counts a change of an account's state. */
  accountChanged(change: AccountChange): void
  /** Shows the scheduler of a pool until the answer is called. */
  watch(pool: string, scheduler: Scheduler): () => void
  /** Shows the accounts that live on tokens; called once. */
  showTokens(read: () => ReadonlyMap<string, TokenReading>): void
  /** Shows the level of overload and what bodies hold; called once. */
  showOverload(state: OverloadState): void
  /** Drops the series of accounts that are gone. */
  retain(accountIds: ReadonlySet<string>): void
  /** The page in the Prometheus text format. */
  text(): Promise<string>
  readonly contentType: string
}

/** Options of {@link createMetrics}. */
export interface MetricsOptions {
  /** Adds `process_*` and `nodejs_*` (memory, CPU, event loop lag, garbage collection). Default true. */
  readonly processMetrics?: boolean
}

/** Creates a registry of its own: several gateways in one process do not mix. */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const registry = new Registry()
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry })
  const requests = createRequestMetrics(registry)
  const accounts = createAccountMetrics(registry)
  const schedulers = createSchedulerMetrics(registry)
  return {
    observe: requests.observe,
    accountChanged: accounts.observe,
    retain(accountIds) {
      requests.retain(accountIds)
      accounts.retain(accountIds)
    },
    watch: schedulers.watch,
    showOverload: state => showOverload(registry, state),
    showTokens: read => showTokens(registry, read),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
