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

export const MAX_REFUSALS = 16_384

export function createRefusals(events: RefusalEvents): Refusals {
  /** By limit domain and model; the domain that was refused first comes first. */
  const domains = new Map<string, Map<string, Refusal>>()
  let size = 0
  let nextDueMs = Number.POSITIVE_INFINITY

  function put(refusal: Refusal): void {
    const models = domains.get(refusal.domain) ?? new Map<string, Refusal>()
    domains.set(refusal.domain, models)
    if (!models.has(refusal.model)) size++
    models.set(refusal.model, refusal)
    nextDueMs = Math.min(nextDueMs, refusal.untilMs)
  }

  function remove({ domain, model }: Refusal): void {
    const models = domains.get(domain)!
    models.delete(model)
    if (models.size === 0) domains.delete(domain)
    size--
  }

  function dropOldest(): void {
    for (const models of domains.values()) {
      for (const refusal of models.values()) {
        remove(refusal)
        return
      }
    }
  }

  return {
    get known() {
      return size > 0
    },
    get nextDueMs() {
      return nextDueMs
    },
    add(account, name, untilMs) {
      const domain = limitDomain(account)
      const model = upstreamName(account, name)
      const before = domains.get(domain)?.get(model)
      if (before !== undefined && before.untilMs >= untilMs) return
      if (before === undefined && size >= MAX_REFUSALS) dropOldest()
      const refusal = { domain, account: account.id, model, untilMs }
      put(refusal)
      if (before === undefined) events.began(refusal)
    },
    freeAtMs(account, name) {
      const models = domains.get(limitDomain(account))
      return models?.get(upstreamName(account, name))?.untilMs ?? 0
    },
    of: account => [...(domains.get(limitDomain(account))?.values() ?? [])],
    forget(account) {
      for (const refusal of [...(domains.get(limitDomain(account))?.values() ?? [])]) {
        remove(refusal)
        events.ended(refusal, 'reset')
      }
    },
    tick(nowMs) {
      if (nowMs < nextDueMs) return
      const over: Refusal[] = []
      nextDueMs = Number.POSITIVE_INFINITY
      for (const models of domains.values()) {
        for (const refusal of models.values()) {
          if (refusal.untilMs <= nowMs) over.push(refusal)
          else nextDueMs = Math.min(nextDueMs, refusal.untilMs)
        }
      }
      for (const refusal of over) remove(refusal)
      for (const refusal of over) events.ended(refusal, 'time')
    },
  }
}
