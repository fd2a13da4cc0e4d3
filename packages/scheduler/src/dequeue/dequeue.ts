import type { Waiter } from '../engine/wait-queue.ts'

/**
 * Decides who gets a freed slot. Waiters come oldest first; `mayUse` says whether the slot's account can serve
 * one. Answers undefined when none of them can.
 */
export interface DequeuePolicy {
  readonly name: string
  next(waiters: Iterable<Waiter>, mayUse: (waiter: Waiter) => boolean): Waiter | undefined
}
