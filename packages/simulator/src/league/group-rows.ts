import type { GroupMeasures } from '../measure/groups.ts'
import type { Measures } from '../measure/measures.ts'
import { mean } from './rows.ts'

/** What one tenant or tier came to under one policy: the mean over its runs. */
export interface GroupRow {
  readonly policy: string
  /** `tenant greedy`, `tier 1`. */
  readonly group: string
  readonly figures: readonly (number | null)[]
}

const COLUMNS = [
  'sharePercent',
  'slow95',
  'sloPercent',
  'refusedPercent',
  'failedPercent',
] as const satisfies readonly (keyof GroupMeasures)[]

/** What the figures of a row are called. */
export const GROUP_HEADINGS: readonly string[] = ['share %', 'slow95', 'SLO %', 'refused %', 'failed %']

/** A row for each tenant and tier under each policy; none where a scenario has neither. */
export function groupRows(
  runs: readonly { readonly policy: string; readonly measures: Pick<Measures, 'groups'> }[],
): GroupRow[] {
  const policies = [...new Set(runs.map(({ policy }) => policy))]
  return policies.flatMap(policy => {
    const groups = runs.filter(run => run.policy === policy).flatMap(({ measures }) => measures.groups)
    return [...new Set(groups.map(({ group }) => group))].map(group => {
      const of = groups.filter(other => other.group === group)
      return { policy, group, figures: COLUMNS.map(column => mean(of.flatMap(row => row[column] ?? []))) }
    })
  })
}
