import type { Account } from '../model/account.ts'
import { limitDomain, upstreamName } from './limit-domain.ts'

/**
 * The models that upstreams have refused for a rate limit (429), each until an instant.
 *
 * Upstreams count rate limits for each model: an account that has none left for one serves the others as before, and the
 * other accounts of its limit domain have none left either. What is left before there is a refusal is `Headroom`'s to know.
 *
 * Bounded: {@link MAX_REFUSALS}, of which the oldest is forgotten; those that are over go by themselves.
 */
export interface Refusals {
  /** False while there is none: then nothing else need be asked. */
  readonly known: boolean
  /** An upstream refused a model here; of several instants the latest counts. */
  add(account: Account, model: string, untilMs: number): void
  /** When the model may be asked for again, monotonic; 0 when it may now. */
  freeAtMs(account: Account, model: string): number
  /** What is refused in an account's limit domain. */
  of(account: Account): readonly Refusal[]
  /** Forgets what is refused in an account's limit domain. */
  forget(account: Account): void
  /** Lets time do its work. Costs one comparison while nothing is due. */
  tick(nowMs: number): void
  readonly nextDueMs: number
}

export interface Refusal {
  readonly domain: string
  /** The account that was told. */
  readonly account: string
  /** The upstream's name of it. */
  readonly model: string
  readonly untilMs: number
}

/** What follows from a change here. */
export interface RefusalEvents {
  /** A model that was asked for is refused from now on. */
  began(refusal: Refusal): void
  /** It may be asked for again: by time, or because it was forgotten. */
  ended(refusal: Refusal, reason: 'time' | 'reset'): void
}

export const MAX_REFUSALS = 4096

export function createRefusals(events: RefusalEvents): Refusals {
  const refusals = new Map<string, Refusal>()
  let nextDueMs = Number.POSITIVE_INFINITY

  function keyOf(account: Account, model: string): string {
    return JSON.stringify([limitDomain(account), upstreamName(account, model)])
  }

  function of(account: Account): Refusal[] {
    const domain = limitDomain(account)
    return [...refusals.values()].filter(refusal => refusal.domain === domain)
  }

  function end(refusal: Refusal, reason: 'time' | 'reset'): void {
    refusals.delete(JSON.stringify([refusal.domain, refusal.model]))
    events.ended(refusal, reason)
  }

  return {
    get known() {
      return refusals.size > 0
    },
    get nextDueMs() {
      return nextDueMs
    },
    add(account, model, untilMs) {
      const key = keyOf(account, model)
      const before = refusals.get(key)
      if (before !== undefined && before.untilMs >= untilMs) return
      if (before === undefined && refusals.size >= MAX_REFUSALS)
        refusals.delete(refusals.keys().next().value!)
      const refusal = {
        domain: limitDomain(account),
        account: account.id,
        model: upstreamName(account, model),
        untilMs,
      }
      refusals.set(key, refusal)
      nextDueMs = Math.min(nextDueMs, untilMs)
      if (before === undefined) events.began(refusal)
    },
    freeAtMs: (account, model) => refusals.get(keyOf(account, model))?.untilMs ?? 0,
    of,
    forget(account) {
      for (const refusal of of(account)) end(refusal, 'reset')
    },
    tick(nowMs) {
      if (nowMs < nextDueMs) return
      const over = [...refusals.values()].filter(({ untilMs }) => untilMs <= nowMs)
      for (const { domain, model } of over) refusals.delete(JSON.stringify([domain, model]))
      nextDueMs = Number.POSITIVE_INFINITY
      for (const { untilMs } of refusals.values()) nextDueMs = Math.min(nextDueMs, untilMs)
      for (const refusal of over) events.ended(refusal, 'time')
    },
  }
}
