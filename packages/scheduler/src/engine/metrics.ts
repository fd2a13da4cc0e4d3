import type { SchedulerMetrics } from '../scheduler.ts'
import type { Run } from './run.ts'

/** The reference's counters. */
export interface Counters {
  selected(run: Run): void
  /** A sticky request that had to wait got its slot. */
  admittedSticky(run: Run): void
  switched(): void
  /** There are statistics of a row from now on, or none any more. */
  measured(row: number): void
  forgotten(row: number): void
  snapshot(): SchedulerMetrics
}

/** Counts from zero. */
export function createCounters(): Counters {
  let selectTotal = 0
  let previousHits = 0
  let sessionHits = 0
  let balanced = 0
  let switches = 0
  let latencyMicros = 0
  let skewMilli = 0
  const rows = new Set<number>()

  return {
    selected(run) {
      selectTotal++
      latencyMicros += run.latencyMicros
      // The reference rounds half away from zero, which for a skew (never negative) is what Math.round does.
      skewMilli += Math.round(run.loadSkew * 1000)
      if (run.stickyPreviousHit) previousHits++
      if (run.stickySessionHit) sessionHits++
      if (run.layer === 'load_balance') balanced++
    },
    admittedSticky(run) {
      if (run.layer === 'previous_response_id') previousHits++
      if (run.layer === 'session_hash' || run.stickySessionHit) sessionHits++
    },
    switched() {
      switches++
    },
    measured: row => void rows.add(row),
    forgotten: row => void rows.delete(row),
    snapshot() {
      const per = (count: number) => (selectTotal > 0 ? count / selectTotal : 0)
      return {
        selectTotal,
        stickyPreviousHitTotal: previousHits,
        stickySessionHitTotal: sessionHits,
        loadBalanceSelectTotal: balanced,
        accountSwitchTotal: switches,
        schedulerLatencyMicrosTotal: latencyMicros,
        schedulerLatencyMicrosAvg: per(latencyMicros),
        stickyHitRatio: per(previousHits + sessionHits),
        accountSwitchRate: per(switches),
        loadSkewAvg: per(skewMilli / 1000),
        runtimeStatsAccountCount: rows.size,
      }
    },
  }
}
