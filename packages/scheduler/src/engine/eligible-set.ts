import { domainFilter } from '../filters/domain.ts'
import type { Filter, FilterReason } from '../filters/filter.ts'
import type { Transport } from '../model/account.ts'
import type { RankCache, Ranker, RankIndex } from '../rankers/ranker.ts'
import type { Columns } from './columns.ts'

/** Below this many members scoring all of them is faster than the index (benchmarks/select). */
const INDEX_FROM = 129
/** Model names come from clients: more combinations than this are forgotten and built anew. */
const MAX_SETS = 2048

/** The accounts that pass every filter for one combination of facts, in the order of the last tie-break. */
export interface EligibleSet {
  readonly model: string
  readonly transport: Transport
  readonly domain: string | undefined
  readonly members: Int32Array
  /** 1 where a row is a member. */
  readonly has: Uint8Array
  /** How many accounts each filter left out; the first that fails counts. */
  readonly filtered: Readonly<Record<FilterReason, number>>
  /** For large sets whose ranker has one. */
  readonly index: RankIndex | undefined
  /** For the others, where the ranker has one. */
  readonly cache: RankCache | undefined
}

/** What sets with the same members have in common. */
type Membership = Pick<EligibleSet, 'members' | 'has' | 'index' | 'cache'>

/** Finds the eligible set of a combination of facts, built once until accounts change. */
export interface EligibleSets {
  find(model: string, transport: Transport, domain: string | undefined): EligibleSet
  /** Accounts changed: every set is built anew when next asked for. */
  clear(): void
}

/** Cost of `find`: two Map look-ups; of a first `find`: one pass over all accounts. */
export function createEligibleSets(
  columns: Columns,
  filters: readonly Filter[],
  ranker: Ranker,
): EligibleSets {
  const anywhere = new Map<string, EligibleSet>()
  const anywhereByWebSocket = new Map<string, EligibleSet>()
  const byDomain = new Map<string, EligibleSet>()
  // Clients make up model names, but only configuration makes memberships: a name costs a small object, no index.
  const memberships = new Map<string, Membership>()

  function membershipOf(rows: readonly number[], domain: string | undefined): Membership {
    const key = `${domain === undefined ? '' : 'domain '}${rows.join()}`
    const known = memberships.get(key)
    if (known !== undefined) return known
    const members = Int32Array.from(rows)
    const has = new Uint8Array(columns.order.length)
    for (const row of rows) has[row] = 1
    // Inside a domain every request is ranked by itself.
    const large = domain === undefined && members.length >= INDEX_FROM
    const small = domain === undefined && !large
    const index = large ? ranker.createIndex?.(members) : undefined
    const cache = small ? ranker.createCache?.(members) : undefined
    const made = { members, has, index, cache }
    memberships.set(key, made)
    return made
  }

  function build(facts: Pick<EligibleSet, 'model' | 'transport' | 'domain'>): EligibleSet {
    const { rows, filtered } = sift(columns, filters, facts)
    return { ...facts, filtered, ...membershipOf(rows, facts.domain) }
  }

  function kept(map: Map<string, EligibleSet>, key: string, set: EligibleSet): EligibleSet {
    if (map.size >= MAX_SETS) map.clear()
    map.set(key, set)
    return set
  }

  return {
    find(model, transport, domain) {
      if (domain !== undefined) {
        const key = `${transport}\n${model.length}\n${model}\n${domain}`
        return byDomain.get(key) ?? kept(byDomain, key, build({ model, transport, domain }))
      }
      const map = transport === 'responses_websockets_v2' ? anywhereByWebSocket : anywhere
      return map.get(model) ?? kept(map, model, build({ model, transport, domain }))
    },
    clear() {
      anywhere.clear()
      anywhereByWebSocket.clear()
      byDomain.clear()
      memberships.clear()
    },
  }
}

/** The rows that pass every filter, in the order of the last tie-break, and how many each filter left out. */
function sift(
  columns: Columns,
  filters: readonly Filter[],
  facts: Pick<EligibleSet, 'model' | 'transport' | 'domain'>,
): { rows: number[]; filtered: Record<FilterReason, number> } {
  const rows: number[] = []
  const filtered = { platform: 0, model: 0, transport: 0, domain: 0 }
  // The engine's own rule, whatever the profile filters: a wrong domain is a certain failure upstream.
  const rules = facts.domain === undefined ? filters : [domainFilter, ...filters]
  for (let row = 0; row < columns.size; row++) {
    const account = columns.accounts[row]
    if (account === undefined) continue
    const failed = rules.find(filter => !filter.passes(account, facts))
    if (failed === undefined) rows.push(row)
    else filtered[failed.reason]++
  }
  rows.sort((a, b) => columns.order[a]! - columns.order[b]!)
  return { rows, filtered }
}
