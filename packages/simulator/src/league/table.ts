import { GROUP_HEADINGS, groupRows } from './group-rows.ts'
import { hedgeNote } from './hedge-note.ts'
import { COLUMNS, type Column, type LeagueRow, mean } from './rows.ts'

/** What the columns of a league table are called. */
export const HEADINGS: Readonly<Record<Column, string>> = {
  slow95: 'slow95',
  slow99: 'slow99',
  brownSlow99: 'brown99',
  sloPercent: 'SLO %',
  refusedPercent: 'refused %',
  failedPercent: 'failed %',
  hitPercent: 'hit %',
  deadExposure: 'dead x',
  brownExposure: 'brown x',
  attemptsPerRequest: 'attempts',
  returnSeconds: 'return s',
  selectMicros: 'us',
}

const DIGITS: Partial<Record<Column, number>> = {
  refusedPercent: 3,
  failedPercent: 3,
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

/** A figure as every table shows it; `-` where there is none. */
export function figureText(column: Column, figure: number | null): string {
  return figure === null ? '-' : figure.toFixed(DIGITS[column] ?? 2)
}

const NAME_WIDTH = 28
const WIDTH = 10

function header(name: string): string {
  return name.padEnd(NAME_WIDTH) + COLUMNS.map(column => HEADINGS[column].padStart(WIDTH)).join('')
}

function line(policy: string, rows: readonly LeagueRow[]): string {
  const cells = COLUMNS.map(column => {
    const figure = mean(rows.flatMap(row => row[column] ?? []))
    return figureText(column, figure).padStart(WIDTH)
  })
  return `  ${policy}`.padEnd(NAME_WIDTH) + cells.join('')
}

/** What tenants and tiers came to as text; `''` when there are none. */
export function groupTable(runs: Parameters<typeof groupRows>[0]): string {
  const lines = groupRows(runs).map(({ policy, group, figures }) => {
    const cells = figures.map(figure => (figure === null ? '-' : figure.toFixed(2)).padStart(WIDTH))
    return `  ${policy}`.padEnd(NAME_WIDTH) + group.padEnd(GROUP_WIDTH) + cells.join('')
  })
  if (lines.length === 0) return ''
  const names = GROUP_HEADINGS.map(name => name.padStart(WIDTH)).join('')
  return `${[''.padEnd(NAME_WIDTH + GROUP_WIDTH) + names, ...lines].join('\n')}\n`
}

const GROUP_WIDTH = 22
