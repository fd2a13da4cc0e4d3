import type { RunResult } from '../run/world.ts'
import { percentile } from './percentile.ts'

/** What a part of the requests came to. */
export interface GroupMeasures {
  /** `tenant greedy`, `tier 1`. */
  readonly group: string
  /** Its part of all requests; of a tier, of those served. */
  readonly sharePercent: number
  readonly slow95: number | null
  readonly sloPercent: number | null
  /** Null of a tier: a request that failed belongs to none. */
  readonly failPercent: number | null
}

const SLO_SLOWDOWN = 3

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
  const { served, ttftMs, idealMs } = records.requests
  const slow: number[] = []
  let count = 0
  for (let row = 0; row < served.length; row++) {
    if (!of.has(row)) continue
    count++
    if (served[row]!) slow.push(ttftMs[row]! / idealMs[row]!)
  }
  const all = of.isTier ? served.filter(ok => ok).length : served.length
  const percent = (part: number, whole: number) => (whole === 0 ? null : (part / whole) * 100)
  return {
    group: of.name,
    sharePercent: percent(count, all) ?? 0,
    slow95: slow.length === 0 ? null : percentile(slow, 0.95),
    sloPercent: percent(slow.filter(figure => figure <= SLO_SLOWDOWN).length, count),
    failPercent: of.isTier ? null : percent(count - slow.length, count),
  }
}
