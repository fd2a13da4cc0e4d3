import type { Measures } from '../measure/measures.ts'

/** One policy in one scenario with one seed, as the JSON of a league table has it; null where there is nothing to measure. */
export interface LeagueRow {
  readonly scenario: string
  readonly policy: string
  readonly seed: number
  readonly slow95: number | null
  readonly slow99: number | null
  readonly brownSlow99: number | null
  readonly sloPercent: number | null
  /** Share of all requests that were not served: those refused and those failed. */
  readonly failPercent: number | null
  readonly refusedPercent: number | null
  readonly failedPercent: number | null
  readonly hitPercent: number | null
  readonly deadExposure: number | null
  readonly brownExposure: number | null
  readonly attemptsPerRequest: number | null
  readonly returnSeconds: number | null
  readonly selectMicros: number | null
}

/** What a table has, beside the names. */
export const COLUMNS = [
  'slow95',
  'slow99',
  'brownSlow99',
  'sloPercent',
  'refusedPercent',
  'failedPercent',
  'hitPercent',
  'deadExposure',
  'brownExposure',
  'attemptsPerRequest',
  'returnSeconds',
  'selectMicros',
] as const

export type Column = (typeof COLUMNS)[number]

/** A run's row. */
export function leagueRow(
  of: { readonly scenario: string; readonly policy: string; readonly seed: number },
  measures: Measures,
): LeagueRow {
  const { slow95, slow99, brownSlow99, sloPercent, hitPercent } = measures
  const { failPercent, refusedPercent, failedPercent } = measures
  const { deadExposure, brownExposure, attemptsPerRequest, returnSeconds, selectMicros } = measures
  const { scenario, policy, seed } = of
  return {
    ...{ scenario, policy, seed, slow95, slow99, brownSlow99, sloPercent },
    ...{ failPercent, refusedPercent, failedPercent, hitPercent },
    ...{ deadExposure, brownExposure, attemptsPerRequest, returnSeconds, selectMicros },
  }
}

/** The scenario that is a sum over the others. */
export const OVERALL = 'R11'

/** Attempts a request over every scenario a policy ran with a seed, as rows of {@link OVERALL}. */
export function overallRows(rows: readonly LeagueRow[]): LeagueRow[] {
  const groups = new Map<string, LeagueRow[]>()
  for (const row of rows) {
    const key = `${row.policy} ${row.seed}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return Array.from(groups.values(), group => ({
    ...emptyRow(group[0]!),
    attemptsPerRequest: mean(group.flatMap(row => row.attemptsPerRequest ?? [])),
  }))
}

function emptyRow({ policy, seed }: LeagueRow): LeagueRow {
  const none = Object.fromEntries(COLUMNS.map(column => [column, null])) as Record<Column, null>
  return { scenario: OVERALL, policy, seed, failPercent: null, ...none }
}

/** The mean; null of nothing. */
export function mean(figures: readonly number[]): number | null {
  return figures.length === 0 ? null : figures.reduce((sum, figure) => sum + figure, 0) / figures.length
}
