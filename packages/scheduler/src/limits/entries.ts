import type { Account } from '../model/account.ts'
import { createEntry, type Entry } from './entry.ts'
import { limitDomain, upstreamName } from './limit-domain.ts'

/** Entries by limit domain and model: {@link MAX_ENTRIES} at most; beyond, the first of the longest known domain is forgotten. */
export interface Entries extends Iterable<Entry> {
  readonly size: number
  of(account: Account, model: string): Entry | undefined
  /** The entry of a domain and an upstream's model, made when there is none. */
  make(domain: string, model: string): Entry
  /** Those of one domain. */
  within(domain: string): Iterable<Entry>
  drop(entry: Entry): void
}

export const MAX_ENTRIES = 16_384

export function createEntries(): Entries {
  const domains = new Map<string, Map<string, Entry>>()
  let size = 0

  function drop(entry: Entry): void {
    const models = domains.get(entry.domain)
    if (models?.get(entry.model) !== entry) return
    models.delete(entry.model)
    if (models.size === 0) domains.delete(entry.domain)
    size--
  }

  function dropOldest(): void {
    const oldest = domains.values().next().value?.values().next().value
    if (oldest !== undefined) drop(oldest)
  }

  return {
    get size() {
      return size
    },
    of: (account, model) => domains.get(limitDomain(account))?.get(upstreamName(account, model)),
    make(domain, model) {
      const known = domains.get(domain)?.get(model)
      if (known !== undefined) return known
      if (size >= MAX_ENTRIES) dropOldest()
      const models = domains.get(domain) ?? new Map<string, Entry>()
      domains.set(domain, models)
      const entry = createEntry(domain, model)
      models.set(model, entry)
      size++
      return entry
    },
    within: domain => [...(domains.get(domain)?.values() ?? [])],
    drop,
    *[Symbol.iterator]() {
      for (const models of domains.values()) yield* models.values()
    },
  }
}
