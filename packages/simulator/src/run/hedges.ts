import { HedgeBudget, HedgeDelay } from '@headgate/scheduler'
import type { EventLoop } from '../time/event-loop.ts'
import type { Gateways } from './gateways.ts'
import type { Granted, Served } from './request.ts'

/** A hedge that could not be made is asked for again after so long. */
const RETRY_MS = 250

/** Second attempts beside those that are silent, as the gateway makes them. */
export interface Hedges {
  requested(): void
  /** An attempt is under way: a second one may follow. */
  later(first: Served): void
  /** How long an attempt took to its first token, or until it was given up. */
  sample(served: Served): void
}

/** Where hedges are made, and how. */
export interface HedgeOptions {
  readonly loop: EventLoop
  readonly gateways: Gateways
  /** The share of requests that may be hedged; 0 makes none. */
  readonly budget: number
  readonly mostAttempts: number
  begin(first: Served, granted: Granted): void
}

/** Makes them at a slot of another account that is idle then, once a request, if the budget has one and it is worth it. */
export function createHedges({ loop, gateways, budget: share, mostAttempts, begin }: HedgeOptions): Hedges {
  const budget = new HedgeBudget()
  const delay = new HedgeDelay()

  function hedgeIn(ms: number, first: Served): void {
    loop.at(loop.nowMs + ms, () => hedge(first))
  }

  function hedge(first: Served): void {
    const { request, lease } = first
    if (first.over || request.answered || request.hedged || request.attempts >= mostAttempts) return
    if (!budget.tryTake()) {
      hedgeIn(RETRY_MS, first)
      return
    }
    const excluded = new Set([...request.failedOn, lease.account.id])
    const other = gateways.idle(request.gateway, { ...request.schedule, hedge: true, excluded })
    const silentMs = loop.nowMs - first.beganMs
    const dueMs = budget.worthAfterMs(other?.lease.likelyFirstTokenMs ?? 0)
    if (other === undefined || silentMs < dueMs) {
      budget.giveBack()
      other?.lease[Symbol.dispose]()
      hedgeIn(Math.max(RETRY_MS, dueMs - silentMs), first)
      return
    }
    request.hedged = true
    begin(first, other)
  }

  return {
    requested: () => budget.requested(share),
    later(first) {
      const afterMs = delay.afterMs(first.lease.expectedFirstTokenMs)
      if (share === 0 || first.request.hedged || afterMs === undefined) return
      hedgeIn(afterMs, first)
    },
    sample: ({ beganMs, lease }) => delay.sample(loop.nowMs - beganMs, lease.expectedFirstTokenMs),
  }
}
