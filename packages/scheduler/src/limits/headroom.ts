/** Longer than other files: what is reported, reserved and spent of a limit is one account, kept in one place. */
import type { Account } from '../model/account.ts'
import type { LimitWindow, ModelLimits, ReportedLimits } from '../model/limits.ts'
import type { Usage } from '../model/outcome.ts'
import type { LimitsNotice } from '../ports.ts'
import {
  type Allowance,
  afterReset,
  hasSpare,
  isMeant,
  nextChangeMs,
  openAllowance,
  refill,
  roomAtMs,
  shareOf,
  spareOf,
  take,
} from './allowance.ts'
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
 * Bounded: {@link MAX_ENTRIES} pairs of domain and model, of which the oldest is forgotten. Requests in flight when
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

/** What one slot holds back of a limit until its response is heard of. */
export interface Reservation {
  readonly entry: Entry
  readonly grant: number
  readonly tokens: number
  /** False once a reset has come between: what was sent before it was counted in the window before. */
  holdsRequest: boolean
  holdsTokens: boolean
}

interface Entry {
  readonly domain: string
  /** The upstream's name of it. */
  readonly model: string
  requests: Allowance | undefined
  tokens: Allowance | undefined
  /** In the order of their grants. */
  readonly reserved: Set<Reservation>
  reservedRequests: number
  reservedTokens: number
  /** The latest grant whose headers were heard. */
  seenGrant: number
  publishedMs: number
  /** A request did not fit in since it last had more: when it has, that one should look again. */
  isMissed: boolean
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

export const MAX_ENTRIES = 16_384
/** The least of all entries is looked up at most so often: while one is short, each release would have it looked up. */
const LOOK_UP_MS = 50
/** Reports are passed on at most so often, more often while little is left. */
const PUBLISH_MS = 1_000
const PUBLISH_SHORT_MS = 100
const SHORT = 0.1

export function createHeadroom(events: HeadroomEvents): Headroom {
  const domains = new Map<string, Map<string, Entry>>()
  let size = 0
  let nextDueMs = Number.POSITIVE_INFINITY
  /** No entry has less to spare; lower than need be after a rise, until it is looked up anew. */
  let leastRequests = Number.POSITIVE_INFINITY
  let leastTokens = Number.POSITIVE_INFINITY
  let isStale = false
  let lookedUpMs = Number.NEGATIVE_INFINITY

  function entryOf(account: Account, model: string): Entry | undefined {
    const models = domains.get(limitDomain(account))
    return models?.get(upstreamName(account, model))
  }

  function entryFor(domain: string, model: string): Entry {
    let models = domains.get(domain)
    const known = models?.get(model)
    if (known !== undefined) return known
    if (size >= MAX_ENTRIES) dropOldest()
    models = domains.get(domain) ?? new Map<string, Entry>()
    domains.set(domain, models)
    const entry: Entry = {
      domain,
      model,
      requests: undefined,
      tokens: undefined,
      reserved: new Set(),
      reservedRequests: 0,
      reservedTokens: 0,
      seenGrant: 0,
      publishedMs: Number.NEGATIVE_INFINITY,
      isMissed: false,
    }
    models.set(model, entry)
    size++
    return entry
  }

  function dropOldest(): void {
    const oldest = domains.values().next().value?.values().next().value
    if (oldest !== undefined) drop(oldest)
  }

  function drop(entry: Entry): void {
    const models = domains.get(entry.domain)
    if (models?.get(entry.model) !== entry) return
    models.delete(entry.model)
    if (models.size === 0) domains.delete(entry.domain)
    size--
    isStale = true
  }

  /** Brings the lower bounds and the next due time in step with a changed entry. */
  function lowered({ requests, tokens, reservedRequests, reservedTokens }: Entry): void {
    if (requests !== undefined) {
      leastRequests = Math.min(leastRequests, spareOf(requests, reservedRequests))
      nextDueMs = Math.min(nextDueMs, nextChangeMs(requests))
    }
    if (tokens !== undefined) {
      leastTokens = Math.min(leastTokens, spareOf(tokens, reservedTokens))
      nextDueMs = Math.min(nextDueMs, nextChangeMs(tokens))
    }
  }

  function lookUpLeast(): void {
    isStale = false
    lookedUpMs = events.monotonicMs()
    leastRequests = Number.POSITIVE_INFINITY
    leastTokens = Number.POSITIVE_INFINITY
    for (const models of domains.values()) for (const entry of models.values()) lowered(entry)
  }

  function release(entry: Entry, reservation: Reservation): boolean {
    if (!entry.reserved.delete(reservation)) return false
    if (reservation.holdsRequest) entry.reservedRequests--
    if (reservation.holdsTokens) entry.reservedTokens -= reservation.tokens
    isStale = true
    return true
  }

  /** What was granted up to here is counted in what the upstream says. */
  function releaseUpTo(entry: Entry, grant: number): void {
    for (const reservation of entry.reserved) {
      if (reservation.grant > grant) return
      release(entry, reservation)
    }
  }

  function put(entry: Entry, limits: ReportedLimits, atMs: number, before: ReturnType<typeof roomOf>): void {
    const nowMs = events.monotonicMs()
    const { requests, tokens } = limits
    if (requests !== undefined && isMeant(requests)) entry.requests = openAllowance(requests, atMs, nowMs)
    if (tokens !== undefined && isMeant(tokens)) entry.tokens = openAllowance(tokens, atMs, nowMs)
    if (entry.requests === undefined && entry.tokens === undefined) {
      drop(entry)
      events.raised(entry.domain)
      return
    }
    isStale = true
    lowered(entry)
    events.changed()
    const after = roomOf(entry)
    if (after.requests > before.requests || after.tokens > before.tokens) events.raised(entry.domain)
  }

  function roomOf({ requests, tokens, reservedRequests, reservedTokens }: Entry) {
    return {
      requests: requests === undefined ? Number.POSITIVE_INFINITY : spareOf(requests, reservedRequests),
      tokens: tokens === undefined ? Number.POSITIVE_INFINITY : spareOf(tokens, reservedTokens),
    }
  }

  function passOn(account: Account, entry: Entry): void {
    const nowMs = events.monotonicMs()
    const everyMs = isShort(entry) ? PUBLISH_SHORT_MS : PUBLISH_MS
    if (nowMs - entry.publishedMs < everyMs) return
    entry.publishedMs = nowMs
    const toWallMs = events.wallMs() - nowMs
    const { requests, tokens, model } = entry
    events.publish({
      kind: 'limits',
      account: account.id,
      model,
      ...(requests === undefined ? {} : { requests: told(requests, toWallMs) }),
      ...(tokens === undefined ? {} : { tokens: told(tokens, toWallMs) }),
    })
  }

  function isInWay(entry: Entry, tokens: number): { requests: boolean; tokens: boolean } {
    return {
      requests: entry.requests !== undefined && !hasSpare(entry.requests, entry.reservedRequests, 1),
      tokens: entry.tokens !== undefined && !hasSpare(entry.tokens, entry.reservedTokens, tokens),
    }
  }

  /** Lets resets happen and buckets refill; true when something came back. */
  function advance(entry: Entry, nowMs: number): boolean {
    const { requests, tokens } = entry
    let cameBack = false
    if (requests !== undefined && refill(requests, nowMs)) cameBack = true
    if (tokens !== undefined && refill(tokens, nowMs)) cameBack = true
    if (requests !== undefined && requests.resetAtMs <= nowMs) {
      cameBack = true
      entry.requests = afterReset(requests, nowMs)
      if (!isBucket(entry.requests)) {
        entry.reservedRequests = 0
        for (const reservation of entry.reserved) reservation.holdsRequest = false
      }
    }
    if (tokens !== undefined && tokens.resetAtMs <= nowMs) {
      cameBack = true
      entry.tokens = afterReset(tokens, nowMs)
      if (!isBucket(entry.tokens)) {
        entry.reservedTokens = 0
        for (const reservation of entry.reserved) reservation.holdsTokens = false
      }
    }
    if (entry.requests === undefined && entry.tokens === undefined) drop(entry)
    return cameBack
  }

  return {
    get known() {
      return size > 0
    },
    get size() {
      return size
    },
    get nextDueMs() {
      return nextDueMs
    },
    mayBar(tokens) {
      if (size === 0) return false
      const need = Math.max(1, tokens)
      if (leastRequests >= 1 && leastTokens >= need) return false
      if (isStale && events.monotonicMs() - lookedUpMs >= LOOK_UP_MS) lookUpLeast()
      return leastRequests < 1 || leastTokens < need
    },
    covers(account, model, tokens) {
      const entry = entryOf(account, model)
      if (entry === undefined) return true
      const inWay = isInWay(entry, tokens)
      const fits = !inWay.requests && !inWay.tokens
      if (!fits) entry.isMissed = true
      return fits
    },
    shareLeft(account, model) {
      const entry = entryOf(account, model)
      if (entry === undefined) return 1
      const { requests, tokens, reservedRequests, reservedTokens } = entry
      return Math.min(shareOf(requests, reservedRequests), shareOf(tokens, reservedTokens))
    },
    freeAtMs(account, model, tokens) {
      const entry = entryOf(account, model)
      if (entry === undefined) return 0
      const inWay = isInWay(entry, tokens)
      return Math.max(
        inWay.requests ? roomAtMs(entry.requests!, entry.reservedRequests, 1) : 0,
        inWay.tokens ? roomAtMs(entry.tokens!, entry.reservedTokens, tokens) : 0,
      )
    },
    reserve(account, model, tokens, grant) {
      const entry = entryOf(account, model)
      if (entry === undefined) return undefined
      const reservation = { entry, grant, tokens, holdsRequest: true, holdsTokens: true }
      entry.reserved.add(reservation)
      entry.reservedRequests++
      entry.reservedTokens += tokens
      if (entry.requests !== undefined) entry.requests.used = true
      if (entry.tokens !== undefined) entry.tokens.used = true
      lowered(entry)
      return reservation
    },
    report(account, model, limits, grant, atMs) {
      const entry = entryFor(limitDomain(account), upstreamName(account, model))
      if (grant < entry.seenGrant) return
      entry.seenGrant = grant
      const before = roomOf(entry)
      releaseUpTo(entry, grant)
      put(entry, limits, atMs, before)
      if (size > 0 && entryOf(account, model) === entry) passOn(account, entry)
    },
    settle(reservation, spent) {
      const { entry } = reservation
      if (!release(entry, reservation)) return
      if (spent !== undefined) {
        const { usage } = spent
        if (entry.requests !== undefined && reservation.holdsRequest) take(entry.requests, 1)
        const used = usage === undefined ? reservation.tokens : usage.inputTokens + usage.outputTokens
        if (entry.tokens !== undefined && reservation.holdsTokens && used > 0) take(entry.tokens, used)
        lowered(entry)
      }
      events.raised(entry.domain)
    },
    heard(account, { model, requests, tokens }) {
      const nowMs = events.monotonicMs()
      const toMonotonicMs = nowMs - events.wallMs()
      const reported = (of: NonNullable<typeof requests>) => ({
        ...(of.limit === undefined ? {} : { limit: of.limit }),
        remaining: of.remaining,
        resetMs: of.resetAtMs + toMonotonicMs - nowMs,
      })
      const entry = entryFor(limitDomain(account), model)
      put(
        entry,
        {
          ...(requests === undefined ? {} : { requests: reported(requests) }),
          ...(tokens === undefined ? {} : { tokens: reported(tokens) }),
        },
        nowMs,
        roomOf(entry),
      )
    },
    of(account, nowMs) {
      const models = domains.get(limitDomain(account))?.values() ?? []
      return Array.from(models, ({ model, requests, tokens, reservedRequests, reservedTokens }) => ({
        model,
        requests: requests && windowOf(requests, reservedRequests, nowMs),
        tokens: tokens && windowOf(tokens, reservedTokens, nowMs),
      }))
    },
    forget(account) {
      const domain = limitDomain(account)
      const models = domains.get(domain)
      if (models === undefined) return
      for (const entry of [...models.values()]) drop(entry)
      events.raised(domain)
    },
    tick(nowMs) {
      if (nowMs < nextDueMs) return
      const raised = new Set<string>()
      for (const models of [...domains.values()]) {
        for (const entry of [...models.values()]) {
          // Buckets refill all the time: who waits for something else need not hear of each.
          if (!advance(entry, nowMs) || !entry.isMissed) continue
          entry.isMissed = false
          raised.add(entry.domain)
        }
      }
      nextDueMs = Number.POSITIVE_INFINITY
      lookUpLeast()
      for (const domain of raised) events.raised(domain)
    },
  }
}

function windowOf({ limit, remaining, resetAtMs }: Allowance, reserved: number, nowMs: number): LimitWindow {
  return {
    limit: limit === Number.POSITIVE_INFINITY ? undefined : limit,
    remaining,
    reserved,
    resetInMs: Math.max(0, resetAtMs - nowMs),
  }
}

/** What is under way was taken from the window that is over; from a bucket it is taken still. */
function isBucket(allowance: Allowance | undefined): boolean {
  return allowance !== undefined && allowance.refillPerMs > 0
}

function told({ limit, remaining, resetAtMs }: Allowance, toWallMs: number) {
  return {
    ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
    remaining,
    resetAtMs: resetAtMs + toWallMs,
  }
}

function isShort({ requests, tokens }: Entry): boolean {
  return [requests, tokens].some(
    allowance =>
      allowance !== undefined &&
      (allowance.limit === Number.POSITIVE_INFINITY || allowance.remaining < allowance.limit * SHORT),
  )
}
