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
  // one poll of the event loop, in either order, and a socket this process cuts itself is gone for its client at once
  // but for us only when the loop comes to its closing callbacks, which run after the check phase. A new maximum
  // therefore counts only after the next turn, without those whose sockets turn out to have been gone.
  count.unconfirmed = { peak: count.inFlight, abandoned: 0 }
  setImmediate(() => setImmediate(() => confirm(count)))
}

function confirm(count: ConcurrencyCount): void {
  const { peak, abandoned } = count.unconfirmed!
  count.unconfirmed = null
  count.max = Math.max(count.max, peak - abandoned)
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
 * Tries again a turn of the event loop later, when every socket that has closed is known to be: refusing at once would
 * blame a client whose last stream has just ended.
 */
export function admitAfterPoll(count: ConcurrencyCount, newcomer: Newcomer): void {
  setImmediate(() =>
    setImmediate(() => {
      if (newcomer.isThere()) newcomer.decide(admit(count, newcomer.limit()))
    }),
  )
}

/** The last byte is out, or the socket is gone. */
export function leave(
  count: ConcurrencyCount,
  left: { readonly admitted: boolean; readonly unfinished: boolean },
): void {
  count.inFlight -= 1
  if (left.admitted) count.admitted -= 1
  if (left.unfinished && count.unconfirmed !== null) count.unconfirmed.abandoned += 1
}
