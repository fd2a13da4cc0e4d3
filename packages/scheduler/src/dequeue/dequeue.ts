import type { Waiter } from './waiter.ts'

/**
 * Decides who gets a freed slot. Waiters come oldest first; `mayUse` says whether the slot's account can serve
 * one. Answers undefined when none of them can.
 */
export interface StatelessDequeue {
  readonly name: string
  next(waiters: Iterable<Waiter>, mayUse: (waiter: Waiter) => boolean): Waiter | undefined
}

/** A policy that remembers whom it served: it keeps one line for each queue, so that a profile can be shared. */
export interface StatefulDequeue {
  readonly name: string
  createLine(): DequeueLine
}

/** How a pool's waiters are served. */
export type DequeuePolicy = StatelessDequeue | StatefulDequeue

/** One queue as a policy with a memory sees it. Everyone who entered leaves once. */
export interface DequeueLine {
  entered(waiter: Waiter): void
  /** `admitted`: with a slot. `gone`: without one (left, expired, turned away). */
  left(waiter: Waiter, how: 'admitted' | 'gone'): void
  /**
   * Who gets the slot; `urgency` says how much one needs this very slot. Waiters for whom a slot is being asked already
   * (`claiming`) are refused by `mayUse`.
   */
  next(
    mayUse: (waiter: Waiter) => boolean,
    nowMs: number,
    urgency?: (waiter: Waiter) => number,
  ): Waiter | undefined
  /** How many would be served before one more of this tenant, if all could use every slot. */
  ahead(of: Pick<Waiter, 'tenant' | 'priority' | 'weight'>): number
  /** Tenants remembered, waiting or not: bounded by those who wait and {@link MAX_IDLE} others a band. */
  readonly remembered: number
}

/** Tenants without a waiter that a line remembers in one priority band. */
export const MAX_IDLE = 1024
