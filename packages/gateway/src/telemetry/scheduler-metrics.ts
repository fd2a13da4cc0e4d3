import type { AccountState, Scheduler } from '@headgate/scheduler'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { LabelCache } from './label-cache.ts'

/** Seconds; a selection takes microseconds. */
const latencyBuckets = [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 1e-2]

const states: readonly AccountState['state'][] = [
  'active',
  'draining',
  'disabled',
  'cooling_down',
  'ejected',
  'probing',
  'slow_start',
]

/** What is shown of the pools' schedulers. */
export interface SchedulerMetrics {
  /** Shows one pool; the answer ends that. */
  watch(pool: string, scheduler: Scheduler): () => void
}

/** One selection in so many is timed: reading its decision takes 4 to 15 us, many times what the selection took. */
const latencySample = 64

/**
 * The time of selections is sampled as they are made; everything else is read from the schedulers when the page is
 * fetched. An account that serves several pools appears in each of them.
 */
export function createSchedulerMetrics(registry: Registry): SchedulerMetrics {
  const schedulers = new Map<string, Scheduler>()
  const registers = [registry]
  const latency = new Histogram({
    name: 'headgate_scheduler_latency_seconds',
    help: 'Time one selection took, without waiting; of each pool the first selection and one in 64 after it.',
    labelNames: ['pool'],
    buckets: latencyBuckets,
    registers,
  })
  const latencyOf = new LabelCache(labels => latency.labels(...labels))

  showPools(registers, schedulers)
  showAccounts(registers, schedulers)

  return {
    watch(pool, scheduler) {
      schedulers.set(pool, scheduler)
      let untilSample = 0
      const unsubscribe = scheduler.subscribe({
        decided(decisionId) {
          if (untilSample-- > 0) return
          untilSample = latencySample - 1
          const decision = scheduler.decision(decisionId)
          if (decision !== undefined) latencyOf.get(pool).observe(decision.latencyMicros / 1e6)
        },
      })
      return () => {
        unsubscribe()
        if (schedulers.get(pool) === scheduler) schedulers.delete(pool)
      }
    },
  }
}

type Pools = ReadonlyMap<string, Scheduler>

function showPools(registers: Registry[], schedulers: Pools): void {
  new Gauge({
    name: 'headgate_queue_depth',
    help: 'Requests waiting for an account now.',
    labelNames: ['pool'],
    registers,
    collect() {
      this.reset()
      for (const [pool, scheduler] of schedulers) this.set({ pool }, scheduler.queueDepth)
    },
  })
  new Gauge({
    name: 'headgate_load_skew',
    help: 'How unevenly candidates were loaded: mean over selections of the standard deviation of their load rates, in percent.',
    labelNames: ['pool'],
    registers,
    collect() {
      this.reset()
      for (const [pool, scheduler] of schedulers) this.set({ pool }, scheduler.metrics().loadSkewAvg)
    },
  })
  new Counter({
    name: 'headgate_account_switches_total',
    help: 'Moves of a request to another account after a failure.',
    labelNames: ['pool'],
    registers,
    collect() {
      this.reset()
      for (const [pool, scheduler] of schedulers) this.inc({ pool }, scheduler.metrics().accountSwitchTotal)
    },
  })
}

function showAccounts(registers: Registry[], schedulers: Pools): void {
  const show = (name: string, help: string, read: (account: AccountState) => number | undefined): void => {
    new Gauge({
      name,
      help,
      labelNames: ['pool', 'account'],
      registers,
      collect() {
        this.reset()
        for (const [pool, scheduler] of schedulers) {
          for (const state of scheduler.accounts()) {
            const figure = read(state)
            if (figure !== undefined) this.set({ pool, account: state.account }, figure)
          }
        }
      },
    })
  }
  show('headgate_account_in_flight', 'Slots in use now.', state => state.inUse)
  show('headgate_account_limit', 'Slots at most; 0 is unlimited.', state => state.limit)
  show('headgate_account_waiting', 'Requests waiting for this account alone.', state => state.waiting)
  show('headgate_account_error_rate', 'Moving average of failures, 0 to 1.', state => state.errorRate)
  show(
    'headgate_account_slowness',
    'How many times as long as elsewhere a first token is expected to take; accounts of pools that learn it.',
    state => state.slowness,
  )
  new Gauge({
    name: 'headgate_account_state',
    help: '1 for the state an account is in, 0 for the others.',
    labelNames: ['pool', 'account', 'state'],
    registers,
    collect() {
      this.reset()
      for (const [pool, scheduler] of schedulers) {
        for (const { account, state } of scheduler.accounts()) {
          for (const one of states) this.set({ pool, account, state: one }, one === state ? 1 : 0)
        }
      }
    },
  })
}
