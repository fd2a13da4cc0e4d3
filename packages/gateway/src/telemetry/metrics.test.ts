import { createScheduler, type Decision, loadAwareProfile, type Scheduler } from '@headgate/scheduler'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import type { RequestRecord } from '../proxy/request-record.ts'
import { createMetrics, type Metrics } from './metrics.ts'

function record(change: Partial<RequestRecord> = {}): RequestRecord {
  return {
    requestId: 'req_1',
    clientRequestId: undefined,
    remoteAddress: '127.0.0.1',
    method: 'POST',
    route: '/v1/responses',
    client: 'team-a',
    tenant: 'team-a',
    pool: 'default',
    model: 'gpt-5.1',
    stream: true,
    status: 200,
    errorCode: undefined,
    account: 'one',
    decisionId: 1,
    layer: undefined,
    refusal: undefined,
    attempts: [attempt()],
    ttftMs: 120,
    durationMs: 900,
    usage: { inputTokens: 10, cachedTokens: 4, outputTokens: 2 },
    hedge: undefined,
    bytesIn: 1,
    removedItems: 0,
    bytesOut: 2,
    ...change,
  }
}

function attempt(change: Partial<RequestRecord['attempts'][number]> = {}): RequestRecord['attempts'][number] {
  return {
    account: 'one',
    decisionId: 1,
    waitedMs: 0,
    outcome: 'ok',
    upstreamStatus: 200,
    errorCode: undefined,
    upstreamMessage: undefined,
    firstTokenMs: undefined,
    durationMs: 1,
    orphaned: false,
    answered: true,
    told: undefined,
    hedge: false,
    layer: 'load_balance',
    decision: undefined,
    keepDecision() {},
    ...change,
  }
}

/** The value of one series; undefined when it is not shown. */
async function value(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = (await metrics.text()).split('\n').find(one => one.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

const quiet = (): Metrics => createMetrics({ processMetrics: false })

describe('requests', () => {
  it('are counted by client, route and how they ended', async () => {
    const metrics = quiet()
    metrics.observe(record())
    metrics.observe(record())
    metrics.observe(record({ status: 499 }))
    metrics.observe(record({ status: 429, errorCode: 'queue_full', attempts: [], account: undefined }))
    metrics.observe(record({ status: 400, attempts: [attempt({ outcome: 'client_error' })] }))
    metrics.observe(
      record({ status: 404, errorCode: 'unknown_route', route: undefined, client: undefined, attempts: [] }),
    )
    const series = (client: string, route: string, outcome: string): string =>
      `headgate_requests_total{client="${client}",route="${route}",outcome="${outcome}"}`
    expect(await value(metrics, series('team-a', '/v1/responses', 'ok'))).toBe(2)
    expect(await value(metrics, series('team-a', '/v1/responses', 'client_abort'))).toBe(1)
    expect(await value(metrics, series('team-a', '/v1/responses', 'queue_full'))).toBe(1)
    expect(await value(metrics, series('team-a', '/v1/responses', 'client_error'))).toBe(1)
    expect(await value(metrics, series('', 'unknown', 'unknown_route'))).toBe(1)
  })

  it('show their times in seconds', async () => {
    const metrics = quiet()
    metrics.observe(record({ durationMs: 1500, ttftMs: 250, attempts: [attempt({ waitedMs: 2000 })] }))
    expect(
      await value(metrics, 'headgate_request_duration_seconds_sum{route="/v1/responses",status="2xx"}'),
    ).toBe(1.5)
    expect(await value(metrics, 'headgate_time_to_first_token_seconds_sum{account="one"}')).toBe(0.25)
    expect(await value(metrics, 'headgate_queue_wait_seconds_sum{pool="default"}')).toBe(2)
  })

  it('show each attempt and the tokens of the last account, whatever an upstream reports', async () => {
    const metrics = quiet()
    const attempts = [attempt({ account: 'bad', outcome: 'server_error' }), attempt()]
    metrics.observe(record({ attempts }))
    metrics.observe(
      record({
        usage: { inputTokens: -5, cachedTokens: Number.NaN, outputTokens: Number.POSITIVE_INFINITY },
      }),
    )
    expect(
      await value(metrics, 'headgate_upstream_attempts_total{account="bad",outcome="server_error"}'),
    ).toBe(1)
    expect(await value(metrics, 'headgate_tokens_total{account="one",kind="input"}')).toBe(10)
    expect(await value(metrics, 'headgate_tokens_total{account="one",kind="output"}')).toBe(2)
  })

  it('have their decisions counted by layer and result', async () => {
    const metrics = quiet()
    const refusal = { layer: 'none', result: 'none' } as Decision
    metrics.observe(record({ attempts: [attempt(), attempt({ waitedMs: 5, layer: 'session_hash' })] }))
    metrics.observe(record({ attempts: [attempt()], refusal }))
    metrics.observe(record({ attempts: [attempt({ layer: undefined })] }))
    const series = (layer: string, result: string): string =>
      `headgate_decisions_total{pool="default",layer="${layer}",result="${result}"}`
    expect(await value(metrics, series('load_balance', 'selected'))).toBe(2)
    expect(await value(metrics, series('session_hash', 'wait'))).toBe(1)
    expect(await value(metrics, series('none', 'none'))).toBe(1)
  })

  it('have responses counted that an upstream may store for nobody', async () => {
    const metrics = quiet()
    metrics.observe(record({ attempts: [attempt({ orphaned: true }), attempt()] }))
    expect(await value(metrics, 'headgate_orphaned_responses_total{account="one"}')).toBe(1)
  })

  it('make no series out of anything a client may choose', async () => {
    const metrics = quiet()
    for (let i = 0; i < 200; i++) {
      metrics.observe(
        record({
          requestId: `r${i}`,
          model: `m${i}`,
          clientRequestId: `c${i}`,
          remoteAddress: `${i}`,
          tenant: `${i}`,
        }),
      )
    }
    const text = await metrics.text()
    expect(text.split('\n').filter(line => line.startsWith('headgate_requests_total{'))).toHaveLength(1)
    expect(text.length).toBeLessThan(10_000)
  })

  it('lose the series of accounts that are gone', async () => {
    const metrics = quiet()
    for (let i = 0; i < 50; i++)
      metrics.observe(record({ account: `a${i}`, attempts: [attempt({ account: `a${i}` })] }))
    metrics.retain(new Set(['a7']))
    const text = await metrics.text()
    expect(new Set(text.match(/account="[^"]*"/g))).toEqual(new Set(['account="a7"']))
    metrics.observe(record({ account: 'a8', attempts: [] }))
    expect(await value(metrics, 'headgate_time_to_first_token_seconds_count{account="a8"}')).toBe(1)
  })
})

describe('schedulers', () => {
  function scheduler(): Scheduler {
    const clock = createManualClock()
    return createScheduler({
      profile: loadAwareProfile(),
      accounts: createMemoryAccounts([
        { id: 'one', order: 1, concurrency: 1 },
        { id: 'two', order: 2, concurrency: 4 },
      ]),
      slots: createMemorySlots(),
      bindings: createMemoryBindings({ clock }),
      clock,
      random: createSeededRandom(1),
    })
  }

  it('show what they hold at the moment of the scrape', async () => {
    const metrics = quiet()
    const pool = scheduler()
    metrics.watch('default', pool)
    const first = await pool.acquire({ model: 'm' })
    const second = await pool.acquire({ model: 'm' })
    const inFlight = async (): Promise<number> => {
      const text = await metrics.text()
      const lines = text.match(/headgate_account_in_flight\{.*\} (\d+)/g) ?? []
      return lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)
    }
    expect(await inFlight()).toBe(2)
    first[Symbol.dispose]()
    expect(await inFlight()).toBe(1)
    second[Symbol.dispose]()
    expect(await inFlight()).toBe(0)
    expect(await value(metrics, 'headgate_account_limit{pool="default",account="two"}')).toBe(4)
    expect(await value(metrics, 'headgate_account_state{pool="default",account="one",state="active"}')).toBe(
      1,
    )
    expect(await value(metrics, 'headgate_account_state{pool="default",account="one",state="ejected"}')).toBe(
      0,
    )
    expect(await value(metrics, 'headgate_queue_depth{pool="default"}')).toBe(0)
  })

  it('have the time of one selection in 64 taken, without reading the others', async () => {
    const metrics = quiet()
    const pool = scheduler()
    let read = 0
    const decision = pool.decision.bind(pool)
    pool.decision = id => {
      read++
      return decision(id)
    }
    metrics.watch('default', pool)
    for (let i = 0; i < 65; i++) (await pool.acquire({ model: 'm' }))[Symbol.dispose]()
    pool.reportSwitch()
    expect(await value(metrics, 'headgate_scheduler_latency_seconds_count{pool="default"}')).toBe(2)
    expect(read).toBe(2)
    expect(await value(metrics, 'headgate_account_switches_total{pool="default"}')).toBe(1)
    expect(await value(metrics, 'headgate_load_skew{pool="default"}')).toBeGreaterThanOrEqual(0)
  })

  it('are gone from the page when no longer watched', async () => {
    const metrics = quiet()
    const pool = scheduler()
    const unwatch = metrics.watch('default', pool)
    unwatch()
    ;(await pool.acquire({ model: 'm' }))[Symbol.dispose]()
    expect(await metrics.text()).not.toContain('pool="default"')
  })
})

describe('the page', () => {
  it('has the metrics of the process, and is told apart from that of another gateway', async () => {
    const [one, two] = [createMetrics(), createMetrics()]
    one.observe(record())
    expect(await one.text()).toContain('process_cpu_user_seconds_total')
    expect(await two.text()).not.toContain('client="team-a"')
    expect(one.contentType).toContain('text/plain')
  })
})
