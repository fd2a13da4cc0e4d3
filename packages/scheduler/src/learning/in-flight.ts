/**
 * Requests that have a slot and no first token yet, by account and in the order of their admission. Those that wait
 * longer than predicted are the earliest sign of a brown-out: its answers come when it is too late to avoid it.
 *
 * An intrusive list, so that admitting and answering cost no allocation and finding the oldest costs nothing.
 */
export interface InFlight {
  add(expectation: Expectation): void
  /** Idempotent. */
  remove(expectation: Expectation): void
  oldest(row: number): Expectation | undefined
  forget(row: number): void
}

/** What was expected of one request when its slot was granted. */
export interface Expectation {
  readonly row: number
  readonly session: string | undefined
  readonly inputTokens: number
  readonly uncachedTokens: number
  /** Time to first token at a healthy account of the fleet under the load it met. */
  readonly predictedMs: number
  /** The same at this account when it is well. */
  readonly usualMs: number
  /** The same at this account as it was then, sick or well. */
  readonly likelyMs: number
  /** What that load multiplies {@link predictedMs} by: at least 1. */
  readonly loadMultiple: number
  readonly admittedMs: number
  /** Its answer comes whole: it has no first token. */
  readonly whole: boolean
  /** A first token may be told: it is listed, and its silence says something. */
  readonly speaks: boolean
  /** Set at the first token. */
  firstTokenMs: number | undefined
  /** What was thought of the account just before its first token. */
  healthLog: number
  /** Links of the list. */
  previous: Expectation | undefined
  next: Expectation | undefined
  listed: boolean
}

export function createInFlight(): InFlight {
  const first: (Expectation | undefined)[] = []
  const last: (Expectation | undefined)[] = []

  return {
    add(expectation) {
      const { row } = expectation
      expectation.previous = last[row]
      expectation.next = undefined
      if (last[row] === undefined) first[row] = expectation
      else last[row].next = expectation
      last[row] = expectation
      expectation.listed = true
    },
    remove(expectation) {
      if (!expectation.listed) return
      expectation.listed = false
      const { row, previous, next } = expectation
      if (previous === undefined) first[row] = next
      else previous.next = next
      if (next === undefined) last[row] = previous
      else next.previous = previous
    },
    oldest: row => first[row],
    forget(row) {
      for (let one = first[row]; one !== undefined; one = one.next) one.listed = false
      first[row] = undefined
      last[row] = undefined
    },
  }
}
