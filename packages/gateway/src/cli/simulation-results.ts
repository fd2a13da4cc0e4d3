import { writeFile } from 'node:fs/promises'
import { groupTable, type JobResult, leagueRow, leagueTable, reportHtml } from '@headgate/simulator'
import { note, print } from './output.ts'

/** Prints the table of some runs, and below it their tenants and tiers. */
export function tellResults(results: readonly JobResult[]): void {
  print(leagueTable(rowsOf(results)).trimEnd())
  const groups = groupTable(results.map(({ job, measures }) => ({ policy: job.policy, measures })))
  if (groups !== '') print(`\n${groups.trimEnd()}`)
}

/** Writes the report and the figures, where they were asked for. */
export async function keepResults(
  results: readonly JobResult[],
  { report, json }: { readonly report?: string; readonly json?: string },
): Promise<void> {
  if (report !== undefined) {
    await writeFile(report, reportHtml(`Simulation: ${results[0]!.job.id}`, results))
    note(`The report is in ${report}`)
  }
  if (json !== undefined)
    await writeFile(json, `${JSON.stringify({ results: rowsOf(results) }, undefined, 1)}\n`)
}

function rowsOf(results: readonly JobResult[]) {
  return results.map(({ job, measures }) =>
    leagueRow({ scenario: job.id, policy: job.policy, seed: job.seed }, measures),
  )
}
