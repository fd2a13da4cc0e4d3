import type { StatelessDequeue } from './dequeue.ts'

/**
 * First come, first served: the oldest waiter that may use the slot. Over a pool this binds late (a waiter takes
 * whatever eligible account frees first); where waiters name one account it is a queue per account, as in the
 * reference.
 */
export const fifo: StatelessDequeue = {
  name: 'fifo',
  next(waiters, mayUse) {
    for (const waiter of waiters) if (mayUse(waiter)) return waiter
    return undefined
  },
}
