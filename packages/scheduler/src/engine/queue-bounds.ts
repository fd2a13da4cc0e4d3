import { hasRoom } from '../columns/columns.ts'
import { boundedRetryMs, createServiceRate } from '../dequeue/service-rate.ts'
import type { Waiter } from '../dequeue/waiter.ts'
import type { SchedulerError } from '../errors.ts'
import type { Core } from './core.ts'
import { isCandidate } from './eligibility.ts'
import type { Run } from './run.ts'
import { turnAway } from './turn-away.ts'
import type { WaitQueue } from './wait-queue.ts'

/** Who gets into the queue, at whose cost, and when those who do not should come back. */
export interface QueueBounds<W extends Waiter> {
  entered(waiter: W): void
  left(waiter: W, how: 'admitted' | 'gone'): void
  /** Whether a tenant's request would find a place in the pool's queue without anybody leaving it. */
  hasPlaceFor(tenant: string): boolean
  /** Whether a run may enter: yes, yes once another waiter has been turned away (`displaced`), or not at all. */
  judge(run: Run): Entry<W>
  displaced(run: Run): SchedulerError
  expired(run: Run): SchedulerError
}

type Entry<W> =
  | { readonly kind: 'free' }
  | { readonly kind: 'instead'; readonly of: W }
  | { readonly kind: 'full'; readonly error: SchedulerError }

const FREE = { kind: 'free' } as const

/** A queue that was not empty for so long is no burst that will pass: those in it wait for nothing but each other. */
const STANDING_MS = 120_000
/** The share of the longest wait that is left then: as many are served from a short queue, and each of them sooner. */
const STANDING_SHARE = 0.075

/** So many may always wait: in a pool of a few slots any wait is long, and still better than none. */
const ALWAYS_WAIT = 4

/**
 * Creates the bounds of one queue. In a queue over a pool no tenant keeps others out: while at least two wait, each
 * may have `maxShare` of the places (default half). A tenant that is alone may use all of them; when another comes
 * and finds them taken, the newest of its waiters in excess of its share (of its lowest priority) makes way.
 */
export function createQueueBounds<W extends Waiter>(
  core: Core,
  queue: WaitQueue,
  servedBefore: (run: Run) => number,
): QueueBounds<W> {
  const { profile, clock, columns } = core
  const counts = new Map<string, number>()
  const rate = createServiceRate()
  let busySinceMs = 0

  function isPerAccount(run: Run): boolean {
    return run.plan!.account !== undefined && profile.waits === 'account' && run.domain === undefined
  }

  function retryAfterMs(run: Run, waiting: number, otherwiseMs: number): number {
    // The rate is that of the whole queue: of one account's part of it nothing is known.
    const known = isPerAccount(run) ? undefined : rate.retryAfterMs(waiting, clock.monotonicMs())
    return known ?? boundedRetryMs(otherwiseMs)
  }

  function full(run: Run, message: string): { readonly kind: 'full'; readonly error: SchedulerError } {
    return { kind: 'full', error: queueFull(run, message) }
  }

  function queueFull(run: Run, message: string): SchedulerError {
    // Where nobody was served yet: whoever waits may do so as long as the plan says; half of that is a fair guess.
    const backMs = retryAfterMs(run, queue.length, run.plan!.timeoutMs / 2)
    return turnAway(core, run, { code: 'queue_full', message }, { retryAfterMs: backMs })
  }

  /**
   * How long so many will have to wait: the mean time that slots are held, times who waits, over the slots of the accounts
   * that could serve the run. Not at all while one of them has a free slot that the run passes by.
   */
  function expectedWaitMs(run: Run, waiting: number): number {
    let slots = 0
    for (const row of run.set!.members) {
      if (columns.usable[row] === 0) continue
      if (hasRoom(columns, row) && isCandidate(core, run, run.set!, row)) return 0
      slots += Math.max(1, columns.limit[row]!)
    }
    return slots === 0 ? 0 : ((core.learning?.holdMs ?? 0) * waiting) / slots
  }

  /**
   * Why a run would wait longer than is worth it, undefined when it would not. By its tenant's turns: a tenant that asks for
   * little is not turned away because another asks for too much. And by what was seen: nobody is turned away on a guess.
   */
  function tooLong(run: Run): string | undefined {
    const { shedMs } = profile.wait.pool
    if (shedMs === undefined || run.domain !== undefined || core.learning?.isHoldKnown === false)
      return undefined
    const before = servedBefore(run)
    if (before < ALWAYS_WAIT) return undefined
    const waitMs = expectedWaitMs(run, before + 1)
    const isStanding = clock.monotonicMs() - busySinceMs > STANDING_MS
    const mostMs = isStanding ? shedMs * STANDING_SHARE : shedMs
    if (waitMs <= mostMs) return undefined
    const standing = isStanding ? ' in a queue that was not empty for two minutes' : ''
    return `${before} requests would be served before this one, which takes ${Math.round(waitMs)} ms as slots are held; the limit is ${Math.round(mostMs)} ms${standing}.`
  }

  /** The places a tenant has, of so many, and those it may have: all, while nobody else waits. */
  function placesOf(tenant: string, maxWaiting: number): { readonly own: number; readonly share: number } {
    const own = counts.get(tenant) ?? 0
    const areOthers = counts.size > (own > 0 ? 1 : 0)
    const share = areOthers ? shareOf(profile.waits, profile.wait.pool.maxShare, maxWaiting) : maxWaiting
    return { own, share }
  }

  /** The waiter that makes way for another tenant's; undefined when no tenant is above its share. */
  function inExcess(share: number): W | undefined {
    let most = share
    let who: string | undefined
    for (const [tenant, count] of counts) {
      if (count <= most) continue
      most = count
      who = tenant
    }
    if (who === undefined) return undefined
    let found: Waiter | undefined
    for (let waiter = queue.newest; waiter !== undefined; waiter = waiter.previous) {
      if (waiter.tenant !== who || waiter.claiming) continue
      if (found === undefined || waiter.priority < found.priority) found = waiter
    }
    return found as W | undefined
  }

  return {
    entered({ tenant }) {
      if (queue.length === 1) {
        busySinceMs = clock.monotonicMs()
        rate.busy(busySinceMs)
      }
      counts.set(tenant, (counts.get(tenant) ?? 0) + 1)
    },
    left({ tenant }, how) {
      const count = (counts.get(tenant) ?? 1) - 1
      if (count > 0) counts.set(tenant, count)
      else counts.delete(tenant)
      if (how === 'admitted') rate.served(clock.monotonicMs())
      if (queue.length === 0) rate.idle(clock.monotonicMs())
    },
    hasPlaceFor(tenant) {
      const { max } = profile.wait.pool
      const { own, share } = placesOf(tenant, max)
      return queue.length < max && own < share
    },
    judge(run) {
      const { maxWaiting } = run.plan!
      const ahead = isPerAccount(run) ? queue.waitingFor(run.waitRow) : queue.length
      const shed = tooLong(run)
      if (shed !== undefined) return full(run, shed)
      const isFull = ahead >= maxWaiting
      const { own, share } = placesOf(run.tenant, maxWaiting)
      if (share >= maxWaiting) {
        if (!isFull) return FREE
        return full(run, `${ahead} requests are waiting already; the limit is ${maxWaiting}.`)
      }
      if (own >= share) {
        return full(
          run,
          `${own} requests of this tenant are waiting already; while others wait its limit is ${share} of ${maxWaiting}.`,
        )
      }
      if (!isFull) return FREE
      const of = inExcess(share)
      if (of !== undefined) return { kind: 'instead', of }
      return full(run, `${ahead} requests are waiting already; the limit is ${maxWaiting}.`)
    },
    displaced(run) {
      return queueFull(
        run,
        'The queue is full, and this tenant has more than its share of it while others wait.',
      )
    },
    expired(run) {
      const { timeoutMs } = run.plan!
      const code = run.domain === undefined ? 'queue_timeout' : 'owner_unavailable'
      const message = `No slot became free within ${timeoutMs} ms.`
      const backMs = retryAfterMs(run, queue.length, timeoutMs / 4)
      return turnAway(core, run, { code, message }, { retryAfterMs: backMs })
    },
  }
}

const DEFAULT_MAX_SHARE = 0.5

/** Places one tenant may have while others wait; all of them where queues are the accounts' own. */
function shareOf(waits: 'account' | 'pool', maxShare: number | undefined, maxWaiting: number): number {
  if (waits === 'account') return maxWaiting
  return Math.max(1, Math.floor(maxWaiting * (maxShare ?? DEFAULT_MAX_SHARE)))
}
