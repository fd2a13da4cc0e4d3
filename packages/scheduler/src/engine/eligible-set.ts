import type { Columns } from '../columns/columns.ts'
import { stateDomain } from '../filters/domain.ts'
import type { Filter, FilterReason } from '../filters/filter.ts'
import type { Transport } from '../model/account.ts'
import type { RankCache, Ranker, RankIndex } from '../rankers/ranker.ts'

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
  /** The members by priority, the best first. */
  readonly tiers: readonly Int32Array[]
  /** 1 where a row is a member; absent where looking through the few members is as fast. See {@link isMember}. */
  readonly has: Uint8Array | undefined
  /** How many accounts each filter left out; the first that fails counts. */
  readonly filtered: Readonly<Record<FilterReason, number>>
  /** For large sets whose ranker has one. */
  readonly index: RankIndex | undefined
  /** For the others, where the ranker has one. */
  readonly cache: RankCache | undefined
}

/** From so many members on, membership is looked up instead of looked for. */
const LOOKED_UP_FROM = 9

/** True when a row belongs to the set. */
export function isMember(set: Pick<EligibleSet, 'members' | 'has'>, row: number): boolean {
  return set.has === undefined ? set.members.includes(row) : set.has[row] === 1
}

/** What sets with the same members have in common. */
type Membership = Pick<EligibleSet, 'members' | 'tiers' | 'has' | 'index' | 'cache'>

/** Finds the eligible set of a combination of facts, built once until accounts change. */
export interface EligibleSets {
  find(model: string, transport: Transport, domain: string | undefined): EligibleSet
  /** Accounts changed: every set is built anew when next asked for. */
  clear(): void
}

/**
 * Cost of `find`: two Map look-ups; of a first `find`: one pass over all accounts, or over those of the domain when
 * the request has one.
 */
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
  let domains: Map<string, number[]> | undefined
  let present: readonly number[] | undefined

  function membershipOf(rows: readonly number[]): Membership {
    const key = rows.join()
    const known = memberships.get(key)
    if (known !== undefined) return known
    const members = Int32Array.from(rows)
    const large = members.length >= INDEX_FROM
    const index = large ? ranker.createIndex?.(members) : undefined
    const cache = large ? undefined : ranker.createCache?.(members)
    const made = { members, tiers: tiersOf(columns, members), has: flagsOf(members), index, cache }
    memberships.set(key, made)
    return made
  }

  function flagsOf(members: Int32Array): Uint8Array | undefined {
    if (members.length < LOOKED_UP_FROM) return undefined
    const has = new Uint8Array(columns.order.length)
    for (const row of members) has[row] = 1
    return has
  }

  function everyone(): readonly number[] {
    present ??= presentRows(columns)
    return present
  }

  function rowsIn(domain: string): readonly number[] {
    domains ??= groupByDomain(columns, everyone())
    return domains.get(domain) ?? []
  }

  function build(facts: Pick<EligibleSet, 'model' | 'transport' | 'domain'>): EligibleSet {
    const { domain } = facts
    if (domain === undefined) {
      const { rows, filtered } = sift(columns, filters, facts, everyone())
      return { ...facts, filtered, ...membershipOf(rows) }
    }
    // The engine's own rule, whatever the profile filters: a wrong domain is a certain failure upstream. Inside a
    // domain every request is ranked by itself, and there may be as many domains as accounts: nothing is shared.
    const inside = rowsIn(domain)
    const { rows, filtered } = sift(columns, filters, facts, inside)
    filtered.domain += everyone().length - inside.length
    const members = Int32Array.from(rows)
    const alone = { tiers: [members], index: undefined, cache: undefined }
    return { ...facts, filtered, members, has: flagsOf(members), ...alone }
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
      domains = undefined
      present = undefined
    },
  }
}

/** The rows that pass every filter, in the order of the last tie-break, and how many each filter left out. */
function sift(
  columns: Columns,
  filters: readonly Filter[],
  facts: Pick<EligibleSet, 'model' | 'transport' | 'domain'>,
  among: readonly number[],
): { rows: number[]; filtered: Record<FilterReason, number> } {
  const rows: number[] = []
  const filtered = { platform: 0, model: 0, transport: 0, domain: 0 }
  for (const row of among) {
    const account = columns.accounts[row]!
    const failed = filters.find(filter => !filter.passes(account, facts))
    if (failed === undefined) rows.push(row)
    else filtered[failed.reason]++
  }
  rows.sort((a, b) => columns.order[a]! - columns.order[b]!)
  return { rows, filtered }
}

/** Members of one priority each, in the order of the members. */
function tiersOf({ priority }: Columns, members: Int32Array): Int32Array[] {
  const steps = new Set(Array.from(members, row => priority[row]!))
  if (steps.size <= 1) return [members]
  const inOrder = [...steps].sort((a, b) => a - b)
  return inOrder.map(step => members.filter(row => priority[row] === step))
}

function groupByDomain(columns: Columns, present: readonly number[]): Map<string, number[]> {
  const domains = new Map<string, number[]>()
  for (const row of present) {
    const domain = stateDomain(columns.accounts[row]!)
    const rows = domains.get(domain)
    if (rows === undefined) domains.set(domain, [row])
    else rows.push(row)
  }
  return domains
}

/** Rows that hold an account. */
function presentRows(columns: Columns): number[] {
  const rows: number[] = []
  for (let row = 0; row < columns.size; row++) if (columns.accounts[row] !== undefined) rows.push(row)
  return rows
}
