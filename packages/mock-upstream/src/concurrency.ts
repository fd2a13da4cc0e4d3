/**
 * The judge: counts generations per account from the request head until the last byte or the closing of the socket,
 * so that a test need not trust the gauges of what it tests.
 */
/** The count of one account. */
export interface ConcurrencyCount {
  /** Generations from request head to last byte (or closed socket), refused ones included. */
  inFlight: number
  /** Generations that were let in, as `concurrency` limits them. */
  admitted: number
  max: number
  /** A new maximum that this turn of the event loop has yet to confirm, or null. */
  unconfirmed: { peak: number; abandoned: number } | null
}

/** Nothing runs. */
export function createConcurrencyCount(): ConcurrencyCount {
  return { inFlight: 0, admitted: 0, max: 0, unconfirmed: null }
}

/** A request head has arrived. */
export function enter(count: ConcurrencyCount): void {
  count.inFlight += 1
  if (count.inFlight === 1) count.max = Math.max(count.max, 1)
  if (count.inFlight <= count.max) return
  if (count.unconfirmed !== null) {
    count.unconfirmed.peak = Math.max(count.unconfirmed.peak, count.inFlight)
    return
  }
  // A client that closes one socket and at once uses another is within its limit, yet both may reach this process in
  // one poll of the event loop, in either order. A new maximum therefore counts only once that poll is over, without
  // those whose clients turn out to have gone.
  count.unconfirmed = { peak: count.inFlight, abandoned: 0 }
  setImmediate(() => {
    const { peak, abandoned } = count.unconfirmed!
    count.unconfirmed = null
    count.max = Math.max(count.max, peak - abandoned)
  })
}

/** Takes one of `limit` places when there is one; null: no limit. */
export function admit(count: ConcurrencyCount, limit: number | null): boolean {
  if (limit !== null && count.admitted >= limit) return false
  count.admitted += 1
  return true
}

/** A request without a place. */
export interface Newcomer {
  /** The limit as it stands when asked. */
  limit(): number | null
  /** Its client has not left meanwhile. */
  isThere(): boolean
  decide(admitted: boolean): void
}

/**
 * Tries again once this poll of the event loop is over, when every socket that has closed is known to be: refusing at
 * once would blame a client whose last stream has just ended.
 */
export function admitAfterPoll(count: ConcurrencyCount, newcomer: Newcomer): void {
  setImmediate(() => {
    if (newcomer.isThere()) newcomer.decide(admit(count, newcomer.limit()))
  })
}

/** The last byte is out, or the socket is gone. */
export function leave(
  count: ConcurrencyCount,
  left: { readonly admitted: boolean; readonly aborted: boolean },
): void {
  count.inFlight -= 1
  if (left.admitted) count.admitted -= 1
  if (left.aborted && count.unconfirmed !== null) count.unconfirmed.abandoned += 1
}
