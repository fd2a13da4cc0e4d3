import type { Measures } from '../measure/measures.ts'
import { hedgeNote } from './hedge-note.ts'
import { COLUMNS, type Column, type LeagueRow, mean } from './rows.ts'

const HEADINGS: Record<Column, string> = {
  slow95: 'slow95',
  slow99: 'slow99',
  brownSlow99: 'brown99',
  sloPercent: 'SLO %',
  failPercent: 'fail %',
  hitPercent: 'hit %',
  deadExposure: 'dead x',
  brownExposure: 'brown x',
  attemptsPerRequest: 'attempts',
  returnSeconds: 'return s',
  selectMicros: 'us',
}

const DIGITS: Partial<Record<Column, number>> = {
  failPercent: 3,
  attemptsPerRequest: 3,
  sloPercent: 1,
  hitPercent: 1,
  returnSeconds: 0,
  selectMicros: 1,
}

/** A league table as text: for each scenario its policies, each figure the mean over the seeds; below it, who hedges. */
export function leagueTable(rows: readonly LeagueRow[]): string {
  const lines: string[] = []
  for (const scenario of new Set(rows.map(row => row.scenario))) {
    const of = rows.filter(row => row.scenario === scenario)
    const seeds = new Set(of.map(row => row.seed)).size
    if (lines.length > 0) lines.push('')
    const title = `${scenario} (${seeds === 1 ? '1 seed' : `mean of ${seeds} seeds`})`
    // A title that is too long for the first column has a line of its own.
    if (title.length >= NAME_WIDTH) lines.push(title)
    lines.push(header(title.length < NAME_WIDTH ? title : ''))
    for (const policy of new Set(of.map(row => row.policy)))
      lines.push(
        line(
          policy,
          of.filter(row => row.policy === policy),
        ),
      )
  }
  const note = hedgeNote(rows.map(row => row.policy))
  if (note !== '') lines.push('', note)
  return `${lines.join('\n')}\n`
}

const NAME_WIDTH = 28
const WIDTH = 9

function header(name: string): string {
  return name.padEnd(NAME_WIDTH) + COLUMNS.map(column => HEADINGS[column].padStart(WIDTH)).join('')
}

function line(policy: string, rows: readonly LeagueRow[]): string {
  const cells = COLUMNS.map(column => {
    const figure = mean(rows.flatMap(row => row[column] ?? []))
    return (figure === null ? '-' : figure.toFixed(DIGITS[column] ?? 2)).padStart(WIDTH)
  })
  return `  ${policy}`.padEnd(NAME_WIDTH) + cells.join('')
}

/** What tenants and tiers came to under each policy, the mean over its runs; `''` when there are none. */
export function groupTable(
  runs: readonly { readonly policy: string; readonly measures: Measures }[],
): string {
  const policies = [...new Set(runs.map(({ policy }) => policy))]
  const lines = policies.flatMap(policy => {
    const groups = runs.filter(run => run.policy === policy).flatMap(({ measures }) => measures.groups)
    return [...new Set(groups.map(({ group }) => group))].map(group => {
      const of = groups.filter(other => other.group === group)
      const cells = GROUP_COLUMNS.map(column => {
        const figure = mean(of.flatMap(measures => measures[column] ?? []))
        return (figure === null ? '-' : figure.toFixed(2)).padStart(WIDTH)
      })
      return `  ${policy}`.padEnd(NAME_WIDTH) + group.padEnd(GROUP_WIDTH) + cells.join('')
    })
  })
  if (lines.length === 0) return ''
  const names = GROUP_HEADINGS.map(name => name.padStart(WIDTH)).join('')
  return `${[''.padEnd(NAME_WIDTH + GROUP_WIDTH) + names, ...lines].join('\n')}\n`
}

const GROUP_WIDTH = 22
const GROUP_COLUMNS = ['sharePercent', 'slow95', 'sloPercent', 'failPercent'] as const
const GROUP_HEADINGS = ['share %', 'slow95', 'SLO %', 'fail %'] as const
