import { Counter, Histogram, type Registry } from 'prom-client'
import type { RequestRecord } from '../proxy/request-record.ts'
import { LabelCache } from './label-cache.ts'

/** Seconds: a cached first token comes in tens of milliseconds, a reasoning model's after a minute. */
const ttftBuckets = [0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 20, 40, 80]
const durationBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900]
const waitBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45]

/** What is counted of finished requests. */
export interface RequestMetrics {
  observe(record: RequestRecord): void
  /** Drops the series of accounts that are not named: a reload must not grow the page for ever. */
  retain(accountIds: ReadonlySet<string>): void
}

/**
 * Requests, attempts, tokens and times. Labels take their values from the configuration (client, account, pool),
 * from the table of routes or from fixed lists, never from a client: no request can make a new series.
 */
export function createRequestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry]
  const requests = new Counter({
    name: 'headgate_requests_total',
    help: 'Requests that are over, by how they ended: ok, client_abort, or the error code.',
    labelNames: ['client', 'route', 'outcome'],
    registers,
  })
  const duration = new Histogram({
    name: 'headgate_request_duration_seconds',
    help: 'From the arrival of a request to the end of its answer.',
    labelNames: ['route', 'status'],
    buckets: durationBuckets,
    registers,
  })
  const ttft = new Histogram({
    name: 'headgate_time_to_first_token_seconds',
    help: 'From the arrival of a request to the first output of its stream, by the account that served it.',
    labelNames: ['account'],
    buckets: ttftBuckets,
    registers,
  })
  const wait = new Histogram({
    name: 'headgate_queue_wait_seconds',
    help: 'Time in the queue of the requests that waited and were admitted.',
    labelNames: ['pool'],
    buckets: waitBuckets,
    registers,
  })
  const attempts = new Counter({
    name: 'headgate_upstream_attempts_total',
    help: 'Exchanges with upstreams, by what they said about the account.',
    labelNames: ['account', 'outcome'],
    registers,
  })
  const decisions = new Counter({
    name: 'headgate_decisions_total',
    help: 'Selections of requests that are over, by the layer that found the account and by what came of it: selected, wait, none.',
    labelNames: ['pool', 'layer', 'result'],
    registers,
  })
  const orphans = new Counter({
    name: 'headgate_orphaned_responses_total',
    help: 'Responses that an upstream may have stored although no client heard of them.',
    labelNames: ['account'],
    registers,
  })
  const hedges = new Counter({
    name: 'headgate_hedges_total',
    help: 'Streams slower than most, by what became of the second attempt: won, lost, failed, client_abort; no_budget, no_slot or no_gain when there was none.',
    labelNames: ['pool', 'result'],
    registers,
  })
  const tokens = new Counter({
    name: 'headgate_tokens_total',
    help: 'Tokens as upstreams reported them; input includes cached.',
    labelNames: ['account', 'kind'],
    registers,
  })

  const requestsOf = new LabelCache(labels => requests.labels(...labels))
  const durationOf = new LabelCache(labels => duration.labels(...labels))
  const ttftOf = new LabelCache(labels => ttft.labels(...labels))
  const waitOf = new LabelCache(labels => wait.labels(...labels))
  const attemptsOf = new LabelCache(labels => attempts.labels(...labels))
  const decisionsOf = new LabelCache(labels => decisions.labels(...labels))
  const orphansOf = new LabelCache(labels => orphans.labels(...labels))
  const hedgesOf = new LabelCache(labels => hedges.labels(...labels))
  const tokensOf = new LabelCache(labels => tokens.labels(...labels))

  return {
    observe(record) {
      const route = record.route ?? 'unknown'
      requestsOf.get(record.client ?? '', route, outcomeOf(record)).inc()
      durationOf.get(route, statusClass(record.status)).observe(record.durationMs / 1000)
      const { account, usage, ttftMs, refusal, pool = '' } = record
      if (account !== undefined && ttftMs !== undefined) ttftOf.get(account).observe(ttftMs / 1000)
      for (const attempt of record.attempts) {
        attemptsOf.get(attempt.account, attempt.outcome ?? 'neutral').inc()
        const waited = attempt.waitedMs > 0
        if (waited) waitOf.get(pool).observe(attempt.waitedMs / 1000)
        if (attempt.layer !== undefined)
          decisionsOf.get(pool, attempt.layer, waited ? 'wait' : 'selected').inc()
        if (attempt.orphaned) orphansOf.get(attempt.account).inc()
      }
      if (record.hedge !== undefined) hedgesOf.get(pool, record.hedge).inc()
      if (refusal !== undefined) decisionsOf.get(pool, refusal.layer, refusal.result).inc()
      if (account === undefined || usage === undefined) return
      tokensOf.get(account, 'input').inc(tokenCount(usage.inputTokens))
      tokensOf.get(account, 'cached').inc(tokenCount(usage.cachedTokens))
      tokensOf.get(account, 'output').inc(tokenCount(usage.outputTokens))
    },

    retain(accountIds) {
      const gone = ([account]: readonly string[]): boolean => !accountIds.has(account!)
      for (const labels of ttftOf.drop(gone)) ttft.remove(...labels)
      for (const labels of attemptsOf.drop(gone)) attempts.remove(...labels)
      for (const labels of orphansOf.drop(gone)) orphans.remove(...labels)
      for (const labels of tokensOf.drop(gone)) tokens.remove(...labels)
    },
  }
}

function outcomeOf(record: RequestRecord): string {
  if (record.status === 499) return 'client_abort'
  if (record.errorCode !== undefined) return record.errorCode
  if (record.status < 400) return 'ok'
  return record.attempts.find(({ answered }) => answered)?.outcome ?? 'client_error'
}

const statusClasses = ['unknown', '1xx', '2xx', '3xx', '4xx', '5xx']

function statusClass(status: number): string {
  return statusClasses[Math.floor(status / 100)] ?? 'unknown'
}

/** A counter refuses what is negative or no number; an upstream may report anything. */
function tokenCount(count: number): number {
  return count > 0 && Number.isFinite(count) ? count : 0
}
