/** A request in the queue. Policies read it; only the queue links it. */
export interface Waiter {
  /** Rises with every arrival. */
  readonly sequence: number
  readonly sinceMs: number
  readonly deadlineMs: number
  /** The one row this waiter can go to, -1 when several will do. */
  readonly target: number
  readonly tenant: string
  /** Its band: higher first, where the policy has bands. */
  readonly priority: number
  /** What its admission costs the tenant, in requests: at least 1. */
  readonly cost: number
  /** The tenant's share relative to others. */
  readonly weight: number
  expire(): void
  /** Links of the queue. */
  previous: Waiter | undefined
  next: Waiter | undefined
  queued: boolean
  /** A slot is being asked for on its behalf. */
  claiming: boolean
}
