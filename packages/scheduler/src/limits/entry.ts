import type { LimitWindow, ReportedLimits } from '../model/limits.ts'
import type { LimitsNotice } from '../ports.ts'
import {
  type Allowance,
  afterReset,
  hasSpare,
  isMeant,
  openAllowance,
  refill,
  roomAtMs,
  shareOf,
  spareOf,
  take,
} from './allowance.ts'

/** What is known of one limit domain and model: two allowances, and what is held back of them. */
export interface Entry {
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

/** What one slot holds back of a limit until its response is heard of. */
export interface Reservation {
  readonly entry: Entry
  readonly grant: number
  readonly tokens: number
  /** False once a reset has come between: what was sent before it was counted in the window before. */
  holdsRequest: boolean
  holdsTokens: boolean
}

/** An entry of which nothing is known yet. */
export function createEntry(domain: string, model: string): Entry {
  return {
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
}

/** True when nothing is known of it any more. */
export function isEmpty({ requests, tokens }: Entry): boolean {
  return requests === undefined && tokens === undefined
}

/** What there is to spare of both; Infinity where nothing is known. */
export function roomOf({ requests, tokens, reservedRequests, reservedTokens }: Entry) {
  return {
    requests: requests === undefined ? Number.POSITIVE_INFINITY : spareOf(requests, reservedRequests),
    tokens: tokens === undefined ? Number.POSITIVE_INFINITY : spareOf(tokens, reservedTokens),
  }
}

/** Whether a request of so many tokens fits in. One that does not is remembered as missed. */
export function fits(entry: Entry, tokens: number): boolean {
  const inWay = isInWay(entry, tokens)
  if (!inWay.requests && !inWay.tokens) return true
  entry.isMissed = true
  return false
}

/** When what is in such a request's way is reset or refilled, monotonic; 0 when nothing is. */
export function freeAtMs(entry: Entry, tokens: number): number {
  const inWay = isInWay(entry, tokens)
  return Math.max(
    inWay.requests ? roomAtMs(entry.requests!, entry.reservedRequests, 1) : 0,
    inWay.tokens ? roomAtMs(entry.tokens!, entry.reservedTokens, tokens) : 0,
  )
}

function isInWay(entry: Entry, tokens: number): { requests: boolean; tokens: boolean } {
  return {
    requests: entry.requests !== undefined && !hasSpare(entry.requests, entry.reservedRequests, 1),
    tokens: entry.tokens !== undefined && !hasSpare(entry.tokens, entry.reservedTokens, tokens),
  }
}

/** The least share of both that is left to spend. */
export function leastShareOf({ requests, tokens, reservedRequests, reservedTokens }: Entry): number {
  return Math.min(shareOf(requests, reservedRequests), shareOf(tokens, reservedTokens))
}

/** Holds back what a request is expected to use. */
export function reserveIn(entry: Entry, grant: number, tokens: number): Reservation {
  const reservation = { entry, grant, tokens, holdsRequest: true, holdsTokens: true }
  entry.reserved.add(reservation)
  entry.reservedRequests++
  entry.reservedTokens += tokens
  if (entry.requests !== undefined) entry.requests.used = true
  if (entry.tokens !== undefined) entry.tokens.used = true
  return reservation
}

/** Gives back what a request held; false when it holds nothing any more. */
export function release(reservation: Reservation): boolean {
  const { entry } = reservation
  if (!entry.reserved.delete(reservation)) return false
  if (reservation.holdsRequest) entry.reservedRequests--
  if (reservation.holdsTokens) entry.reservedTokens -= reservation.tokens
  return true
}

/** Gives back what was granted up to here: it is counted in what the upstream says. True when there was such. */
export function releaseUpTo(entry: Entry, grant: number): boolean {
  let isReleased = false
  for (const reservation of entry.reserved) {
    if (reservation.grant > grant) break
    isReleased = release(reservation) || isReleased
  }
  return isReleased
}

/** Takes off what a request used whose response told nothing: the tokens it said, or those it was expected to use. */
export function spend({ entry, tokens, holdsRequest, holdsTokens }: Reservation, used = tokens): void {
  if (entry.requests !== undefined && holdsRequest) take(entry.requests, 1)
  if (entry.tokens !== undefined && holdsTokens && used > 0) take(entry.tokens, used)
}

/** Opens the windows that were reported at an instant. */
export function open(entry: Entry, { requests, tokens }: ReportedLimits, atMs: number, nowMs: number): void {
  if (requests !== undefined && isMeant(requests)) entry.requests = openAllowance(requests, atMs, nowMs)
  if (tokens !== undefined && isMeant(tokens)) entry.tokens = openAllowance(tokens, atMs, nowMs)
}

/** Lets resets happen and buckets refill; true when something came back. */
export function advance(entry: Entry, nowMs: number): boolean {
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
  return cameBack
}

/** What is under way was taken from the window that is over; from a bucket it is taken still. */
function isBucket(allowance: Allowance | undefined): boolean {
  return allowance !== undefined && allowance.refillPerMs > 0
}

/** So little is left that others should hear of it soon; of a limit that is not known, always. */
export function isShort({ requests, tokens }: Entry): boolean {
  return [requests, tokens].some(
    allowance =>
      allowance !== undefined &&
      (allowance.limit === Number.POSITIVE_INFINITY || allowance.remaining < allowance.limit * SHORT),
  )
}

const SHORT = 0.1

/** It as people see it. */
export function windowsOf({ requests, tokens, reservedRequests, reservedTokens }: Entry, nowMs: number) {
  return {
    requests: requests && windowOf(requests, reservedRequests, nowMs),
    tokens: tokens && windowOf(tokens, reservedTokens, nowMs),
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

/** It as other schedulers are told; `toWallMs`: from the monotonic clock to the wall's. */
export function noticeOf(
  { model, requests, tokens }: Entry,
  account: string,
  toWallMs: number,
): LimitsNotice {
  return {
    kind: 'limits',
    account,
    model,
    ...(requests === undefined ? {} : { requests: told(requests, toWallMs) }),
    ...(tokens === undefined ? {} : { tokens: told(tokens, toWallMs) }),
  }
}

function told({ limit, remaining, resetAtMs }: Allowance, toWallMs: number) {
  return {
    ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
    remaining,
    resetAtMs: resetAtMs + toWallMs,
  }
}
