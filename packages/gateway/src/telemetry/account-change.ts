import type { AccountEvent } from '@headgate/scheduler'

/** One change of an account's state in one pool. An account of several pools changes in each of them. */
export interface AccountChange extends AccountEvent {
  readonly pool: string
}
