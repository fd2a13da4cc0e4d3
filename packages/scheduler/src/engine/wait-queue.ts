import type { StatelessDequeue } from '../dequeue/dequeue.ts'
import type { Waiter } from '../dequeue/waiter.ts'
import type { Clock } from '../ports.ts'

/** The requests of one pool that wait on this node: bounded by the caller, woken and never polled. */
export interface WaitQueue extends Iterable<Waiter> {
  readonly length: number
  readonly oldest: Waiter | undefined
  readonly newest: Waiter | undefined
  push(waiter: Waiter): void
  /** Takes a waiter out wherever it stands; false when it was not in. */
  remove(waiter: Waiter): boolean
  /** Waiters that name this row. */
  waitingFor(row: number): number
  /** Who gets a slot of an account, by a policy without a memory; stays in until removed. */
  choose(policy: StatelessDequeue, mayUse: (waiter: Waiter) => boolean): Waiter | undefined
}

/**
 * Creates an empty queue. One timer serves all deadlines: waiters leave by `expire` within a clock tick of
 * theirs. Push and remove cost the same however long the queue is.
 */
export function createWaitQueue(clock: Clock): WaitQueue {
  let first: Waiter | undefined
  let last: Waiter | undefined
  let length = 0
  let timerAtMs = Number.POSITIVE_INFINITY
  let cancelTimer: (() => void) | undefined

  function arm(deadlineMs: number): void {
    if (deadlineMs >= timerAtMs) return
    cancelTimer?.()
    timerAtMs = deadlineMs
    cancelTimer = clock.schedule(Math.max(0, deadlineMs - clock.monotonicMs()), expireDue)
  }

  function disarm(): void {
    cancelTimer?.()
    cancelTimer = undefined
    timerAtMs = Number.POSITIVE_INFINITY
  }

  function expireDue(): void {
    timerAtMs = Number.POSITIVE_INFINITY
    cancelTimer = undefined
    const nowMs = clock.monotonicMs()
    let next = Number.POSITIVE_INFINITY
    for (let waiter = first; waiter !== undefined; ) {
      const following: Waiter | undefined = waiter.next
      // A waiter whose slot is on its way is not turned away at the door; it leaves if none comes.
      if (waiter.deadlineMs <= nowMs && !waiter.claiming) waiter.expire()
      else next = Math.min(next, Math.max(waiter.deadlineMs, nowMs + 1))
      waiter = following
    }
    if (next < Number.POSITIVE_INFINITY) arm(next)
  }

  const queue: WaitQueue = {
    get length() {
      return length
    },
    get oldest() {
      return first
    },
    get newest() {
      return last
    },
    push(waiter) {
      waiter.previous = last
      waiter.next = undefined
      if (last === undefined) first = waiter
      else last.next = waiter
      last = waiter
      waiter.queued = true
      length++
      arm(waiter.deadlineMs)
    },
    remove(waiter) {
      if (!waiter.queued) return false
      waiter.queued = false
      if (waiter.previous === undefined) first = waiter.next
      else waiter.previous.next = waiter.next
      if (waiter.next === undefined) last = waiter.previous
      else waiter.next.previous = waiter.previous
      length--
      if (length === 0) disarm()
      return true
    },
    waitingFor(row) {
      let count = 0
      for (let waiter = first; waiter !== undefined; waiter = waiter.next) if (waiter.target === row) count++
      return count
    },
    choose: (policy, mayUse) => policy.next(queue, mayUse),
    *[Symbol.iterator]() {
      for (let waiter = first; waiter !== undefined; waiter = waiter.next) yield waiter
    },
  }
  return queue
}
