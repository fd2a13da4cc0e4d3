import { open, writeFile } from 'node:fs/promises'
import { groupTable, type JobResult, leagueRow, leagueTable, reportHtml } from '@headgate/simulator'
import { note, print } from './output.ts'
import { UsageError } from './usage-error.ts'

/** Prints the table of some runs, and below it their tenants and tiers. */
export function tellResults(results: readonly JobResult[]): void {
  print(leagueTable(rowsOf(results)).trimEnd())
  const groups = groupTable(results.map(({ job, measures }) => ({ policy: job.policy, measures })))
  if (groups !== '') print(`\n${groups.trimEnd()}`)
}

/** Where results are kept, by the flags that name it. */
interface ResultFiles {
  readonly report?: string
  readonly json?: string
}

/**
 * Looks whether what was asked for can be written, before minutes are spent on it.
 * @throws UsageError
 */
export async function checkResultFiles({ report, json }: ResultFiles): Promise<void> {
  for (const [flag, file] of Object.entries({ report, json })) {
    if (file === undefined) continue
    try {
      await (await open(file, 'a')).close()
    } catch (error) {
      throw unwritable(flag, file, error)
    }
  }
}

/**
 * Writes the report and the figures, where they were asked for.
 * @throws UsageError
 */
export async function keepResults(
  results: readonly JobResult[],
  { report, json }: ResultFiles,
): Promise<void> {
  if (report !== undefined) {
    await keep('report', report, reportHtml(`Simulation: ${results[0]!.job.id}`, results))
    note(`The report is in ${report}`)
  }
  if (json !== undefined)
    await keep('json', json, `${JSON.stringify({ results: rowsOf(results) }, undefined, 1)}\n`)
}

async function keep(flag: string, file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw unwritable(flag, file, error)
  }
}

function unwritable(flag: string, file: string, error: unknown): UsageError {
  const reason = (error as NodeJS.ErrnoException).code ?? String(error)
  return new UsageError(
    `--${flag}: ${file} cannot be written (${reason}). Fix: name a file in a folder that exists, with space on its disk.`,
  )
}

function rowsOf(results: readonly JobResult[]) {
  return results.map(({ job, measures }) =>
    leagueRow({ scenario: job.id, policy: job.policy, seed: job.seed }, measures),
  )
}
