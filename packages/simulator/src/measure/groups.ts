import type { RunResult } from '../run/world.ts'
import { percentile } from './percentile.ts'
import { type EndShares, endShares } from './served.ts'

/** What a part of the requests came to. Of a tier all that is known is what it served: what failed belongs to none. */
export interface GroupMeasures extends EndShares {
  /** `tenant greedy`, `tier 1`. */
  readonly group: string
  /** Its part of all requests; of a tier, of those served. */
  readonly sharePercent: number
  readonly slow95: number | null
}

/** Measures each tenant where there are several, and each priority tier likewise. */
export function groupsOf(result: RunResult): GroupMeasures[] {
  const { tenants, accounts } = result.world
  const tiers = [...new Set(accounts.map(({ priority }) => priority))].sort((a, b) => a - b)
  const { tenant, account } = result.records.requests
  return [
    ...(tenants.length < 2 ? [] : tenants).map(({ name }, place) =>
      groupOf(result, { name: `tenant ${name}`, has: row => tenant[row] === place, isTier: false }),
    ),
    ...(tiers.length < 2 ? [] : tiers).map(tier =>
      groupOf(result, {
        name: `tier ${tier}`,
        has: row => accounts[account[row]!]?.priority === tier,
        isTier: true,
      }),
    ),
  ]
}

function groupOf(
  { records }: RunResult,
  of: { readonly name: string; readonly has: (row: number) => boolean; readonly isTier: boolean },
): GroupMeasures {
  const { requests } = records
  const { served, ttftMs, idealMs } = requests
  const rows = [...served.keys()].filter(of.has)
  const slow = rows.filter(row => served[row]!).map(row => ttftMs[row]! / idealMs[row]!)
  const all = of.isTier ? served.filter(ok => ok).length : served.length
  return {
    group: of.name,
    sharePercent: all === 0 ? 0 : (rows.length / all) * 100,
    slow95: slow.length === 0 ? null : percentile(slow, 0.95),
    ...endShares(requests, rows),
    ...(of.isTier ? { failPercent: null, refusedPercent: null, failedPercent: null } : {}),
  }
}
