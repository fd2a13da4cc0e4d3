import type { Account } from '../model/account.ts'
import type { ModelLimits, ReportedLimits } from '../model/limits.ts'
import type { Usage } from '../model/outcome.ts'
import type { LimitsNotice } from '../ports.ts'
import { createEntries } from './entries.ts'
import {
  advance,
  type Entry,
  fits,
  freeAtMs,
  isEmpty,
  isShort,
  leastShareOf,
  noticeOf,
  open,
  type Reservation,
  release,
  releaseUpTo,
  reserveIn,
  roomOf,
  spend,
  windowsOf,
} from './entry.ts'
import { createLeast } from './least.ts'
import { limitDomain, upstreamName } from './limit-domain.ts'

/**
 * What is left of the rate limits that upstreams report, kept for each limit domain and model.
 *
 *   usable for a request = spare >= its need, for requests (1) and for tokens (its estimate), where
 *   spare = reported remaining - reserved - margin
 *
 * A slot reserves its request's estimate. A response's headers count that request and those granted before it, so
 * they release these reservations; a lease that ends without headers takes what it used off the remaining instead.
 * Headers of a request older than the last one heard of are old news. At its reset a window begins anew; a bucket
 * refills evenly (allowance.ts).
 *
 * Bounded: `MAX_ENTRIES` (entries.ts) pairs of domain and model. Requests in flight when
 * the first headers of a pair arrive are not known to it. Reservations of other nodes are not seen, their reports are.
 */
export interface Headroom {
  /** False while nothing is known: then nothing else need be asked. */
  readonly known: boolean
  /**
   * False when surely no account is short of what a request needs: one comparison in most cases, and a look at all entries
   * twenty times a second at most. True for up to that long after the last one that was short has enough again.
   */
  mayBar(tokens: number): boolean
  covers(account: Account, model: string, tokens: number): boolean
  /** The least share of a limit that is left to spend, from 0 to 1; 1 where nothing is known. */
  shareLeft(account: Account, model: string): number
  /** When the windows that are in a request's way are reset, monotonic; 0 when none is. */
  freeAtMs(account: Account, model: string, tokens: number): number
  /** Undefined where nothing is known of the account and model. */
  reserve(account: Account, model: string, tokens: number, grant: number): Reservation | undefined
  /** Headers of the response to the request of a grant, which arrived at an instant. */
  report(account: Account, model: string, limits: ReportedLimits, grant: number, atMs: number): void
  /** The lease of a reservation has ended; `spent` is undefined when nothing was sent. */
  settle(reservation: Reservation, spent: { readonly usage: Usage | undefined } | undefined): void
  /** What another scheduler was told. */
  heard(account: Account, notice: LimitsNotice): void
  /** What is known of an account's limit domain, by upstream model. */
  of(account: Account, nowMs: number): ModelLimits[]
  /** Forgets everything of an account's limit domain. */
  forget(account: Account): void
  /** Lets resets happen. Costs one comparison while none is due. */
  tick(nowMs: number): void
  readonly nextDueMs: number
  /** Pairs of domain and model that something is known of. */
  readonly size: number
}

/** What follows from a change here. */
export interface HeadroomEvents {
  monotonicMs(): number
  wallMs(): number
  /** A domain has more left than it had, where that matters to somebody: whoever waits should look. */
  raised(domain: string): void
  /** Something is known, or will change by itself, earlier than before. */
  changed(): void
  publish(notice: LimitsNotice): void
}

/** Reports are passed on at most so often, more often while little is left. */
const PUBLISH_MS = 1_000
const PUBLISH_SHORT_MS = 100

export function createHeadroom(events: HeadroomEvents): Headroom {
  const entries = createEntries()
  const least = createLeast(entries, events.monotonicMs)

  function drop(entry: Entry): void {
    entries.drop(entry)
    least.raised()
  }

  /** Takes in what was told of an entry at an instant; who waits hears of it where that is more than there was. */
  function put(entry: Entry, limits: ReportedLimits, atMs: number, before: ReturnType<typeof roomOf>): void {
    open(entry, limits, atMs, events.monotonicMs())
    if (isEmpty(entry)) {
      drop(entry)
      events.raised(entry.domain)
      return
    }
    least.raised()
    least.lowered(entry)
    events.changed()
    const after = roomOf(entry)
    if (after.requests > before.requests || after.tokens > before.tokens) events.raised(entry.domain)
  }

  function passOn(account: Account, entry: Entry): void {
    const nowMs = events.monotonicMs()
    if (nowMs - entry.publishedMs < (isShort(entry) ? PUBLISH_SHORT_MS : PUBLISH_MS)) return
    entry.publishedMs = nowMs
    events.publish(noticeOf(entry, account.id, events.wallMs() - nowMs))
  }

  return {
    get known() {
      return entries.size > 0
    },
    get size() {
      return entries.size
    },
    get nextDueMs() {
      return least.nextDueMs
    },
    mayBar: tokens => entries.size > 0 && least.mayBeBelow(tokens),
    covers(account, model, tokens) {
      const entry = entries.of(account, model)
      return entry === undefined || fits(entry, tokens)
    },
    shareLeft(account, model) {
      const entry = entries.of(account, model)
      return entry === undefined ? 1 : leastShareOf(entry)
    },
    freeAtMs(account, model, tokens) {
      const entry = entries.of(account, model)
      return entry === undefined ? 0 : freeAtMs(entry, tokens)
    },
    reserve(account, model, tokens, grant) {
      const entry = entries.of(account, model)
      if (entry === undefined) return undefined
      const reservation = reserveIn(entry, grant, tokens)
      least.lowered(entry)
      return reservation
    },
    report(account, model, limits, grant, atMs) {
      const entry = entries.make(limitDomain(account), upstreamName(account, model))
      if (grant < entry.seenGrant) return
      entry.seenGrant = grant
      const before = roomOf(entry)
      if (releaseUpTo(entry, grant)) least.raised()
      put(entry, limits, atMs, before)
      if (entries.of(account, model) === entry) passOn(account, entry)
    },
    settle(reservation, spent) {
      if (!release(reservation)) return
      least.raised()
      if (spent !== undefined) {
        const { usage } = spent
        spend(reservation, usage && usage.inputTokens + usage.outputTokens)
        least.lowered(reservation.entry)
      }
      events.raised(reservation.entry.domain)
    },
    heard(account, { model, requests, tokens }) {
      const nowMs = events.monotonicMs()
      const toMonotonicMs = nowMs - events.wallMs()
      const reported = (of: NonNullable<typeof requests>) => ({
        ...(of.limit === undefined ? {} : { limit: of.limit }),
        remaining: of.remaining,
        resetMs: of.resetAtMs + toMonotonicMs - nowMs,
      })
      const entry = entries.make(limitDomain(account), model)
      const limits = {
        ...(requests === undefined ? {} : { requests: reported(requests) }),
        ...(tokens === undefined ? {} : { tokens: reported(tokens) }),
      }
      put(entry, limits, nowMs, roomOf(entry))
    },
    of: (account, nowMs) =>
      Array.from(entries.within(limitDomain(account)), entry => ({
        model: entry.model,
        ...windowsOf(entry, nowMs),
      })),
    forget(account) {
      const domain = limitDomain(account)
      const known = [...entries.within(domain)]
      for (const entry of known) drop(entry)
      if (known.length > 0) events.raised(domain)
    },
    tick(nowMs) {
      if (nowMs < least.nextDueMs) return
      const raised = new Set<string>()
      for (const entry of [...entries]) {
        const cameBack = advance(entry, nowMs)
        if (isEmpty(entry)) drop(entry)
        // Buckets refill all the time: who waits for something else need not hear of each.
        if (!cameBack || !entry.isMissed) continue
        entry.isMissed = false
        raised.add(entry.domain)
      }
      least.lookUp()
      for (const domain of raised) events.raised(domain)
    },
  }
}
