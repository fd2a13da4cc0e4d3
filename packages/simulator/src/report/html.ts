import { GROUP_HEADINGS, groupRows } from '../league/group-rows.ts'
import { hedgeNote } from '../league/hedge-note.ts'
import type { JobResult } from '../league/job.ts'
import { COLUMNS, leagueRow, mean } from '../league/rows.ts'
import { figureText, HEADINGS } from '../league/table.ts'
import { colourOf, distributionPlot, queuePlot, sharePlot } from './plots.ts'
import { escaped } from './text.ts'

/**
 * A report of runs as one HTML page that needs nothing else: for each scenario a table (means over the seeds), and of the
 * first seed the distributions, the queue, and where each policy's traffic went. Runs of a scenario must have been given
 * in the same order of policies for every seed.
 */
export function reportHtml(title: string, results: readonly JobResult[]): string {
  const sections = [...new Set(results.map(({ job }) => job.id))].map(id =>
    section(results.filter(({ job }) => job.id === id)),
  )
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escaped(title)}</h1>`,
    '<p>Slowdown is time to first token over what an idle account of mean pace with the best cache would need. ',
    'The world is invented: read ratios, not seconds.</p>',
    note(hedgeNote(results.map(({ job }) => job.policy))),
    ...sections,
    '</body></html>\n',
  ].join('')
}

const note = (text: string): string => (text === '' ? '' : `<p class="note">${escaped(text)}</p>`)

function section(results: readonly JobResult[]): string {
  const { id, scenario, seed } = results[0]!.job
  const first = results.filter(({ job }) => job.seed === seed)
  const seeds = new Set(results.map(({ job }) => job.seed)).size
  const means = seeds === 1 ? '' : `Tables: mean of ${seeds} seeds. `
  const heading = id === scenario.name ? id : `${id}: ${scenario.name}`
  return [
    `<section><h2>${escaped(heading)}</h2>`,
    scenario.description === undefined ? '' : `<p>${escaped(scenario.description)}</p>`,
    table(results),
    groups(results),
    `<p class="note">${means}Plots: seed ${seed}. Hover a line for its name.</p>`,
    legend(first),
    '<div class="plots">',
    distributionPlot(first, { key: 'slowdown', title: 'Slowdown', unit: 'times ideal' }),
    distributionPlot(first, { key: 'ttftSeconds', title: 'Time to first token', unit: 'seconds' }),
    queuePlot(first),
    ...first.map(sharePlot),
    '</div></section>',
  ].join('')
}

/** Tenants and tiers, the mean over the seeds. */
function groups(results: readonly JobResult[]): string {
  const rows = groupRows(results.map(({ job, measures }) => ({ policy: job.policy, measures })))
  if (rows.length === 0) return ''
  const body = rows.map(({ policy, group, figures }) => {
    const cells = figures.map(figure => `<td>${figure === null ? '-' : figure.toFixed(2)}</td>`).join('')
    return `<tr><th scope="row">${escaped(policy)}</th><td>${escaped(group)}</td>${cells}</tr>`
  })
  return tableOf(['policy', 'of', ...GROUP_HEADINGS], body)
}

function tableOf(head: readonly string[], rows: readonly string[]): string {
  const cells = head.map(name => `<th scope="col">${name}</th>`).join('')
  return `<div class="wide"><table><thead><tr>${cells}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

function legend(results: readonly JobResult[]): string {
  const items = results.map(
    ({ job }, place) => `<span><i style="background:${colourOf(place)}"></i>${escaped(job.policy)}</span>`,
  )
  return `<p class="legend">${items.join('')}</p>`
}

function table(results: readonly JobResult[]): string {
  const rows = [...new Set(results.map(({ job }) => job.policy))].map(policy => {
    const of = results
      .filter(({ job }) => job.policy === policy)
      .map(({ job, measures }) => leagueRow({ scenario: job.id, policy, seed: job.seed }, measures))
    const cells = COLUMNS.map(
      column => `<td>${figureText(column, mean(of.flatMap(row => row[column] ?? [])))}</td>`,
    )
    return `<tr><th scope="row">${escaped(policy)}</th>${cells.join('')}</tr>`
  })
  return tableOf(['policy', ...COLUMNS.map(column => HEADINGS[column])], rows)
}

const STYLE = [
  'body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1d2733;background:#fff}',
  'h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}',
  '.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}',
  'td,th{padding:.2rem .55rem;text-align:right;border-bottom:1px solid #dde3ea}th:first-child{text-align:left}',
  '.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(24rem,1fr));gap:1rem}',
  'svg{width:100%;height:auto}.grid{stroke:#e3e8ee;stroke-width:1;fill:none}',
  '.title{font:600 13px system-ui,sans-serif;fill:#1d2733}.mark{font:11px system-ui,sans-serif;fill:#5b6875}',
  '.legend span{display:inline-block;margin-right:1rem}.legend i{display:inline-block;width:.9rem;height:.25rem;margin:0 .35rem .2rem 0}',
  '.note{color:#5b6875}',
].join('')
