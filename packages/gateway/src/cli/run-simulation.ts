import { writeFile } from 'node:fs/promises'
import {
  groupTable,
  type Job,
  type JobResult,
  leagueRow,
  leagueTable,
  policyNamed,
  reportHtml,
  type Scenario,
  scenarioProblems,
} from '@headgate/simulator'
import { runJobs, shippedScenarios } from '@headgate/simulator/node'
import { loadDocument } from '../config/load-document.ts'
import { note, print } from './output.ts'
import { UsageError } from './usage-error.ts'

/** The flags of `headgate simulate`, as they were given or by default. */
export interface SimulateFlags {
  readonly scenario: string
  readonly policies: string
  readonly seed: number
  readonly seeds: number
  readonly report?: string
  readonly json?: string
}

/** Runs each policy in the scenario on threads, prints the table, and writes what was asked for. */
export async function runSimulation(flags: SimulateFlags): Promise<void> {
  const policies = flags.policies.split(',').map(known)
  const file = fileOf(flags.scenario)
  const scenario = (await loadDocument(file, { what: 'scenario', problemsOf: scenarioProblems })) as Scenario
  const seeds = Array.from({ length: flags.seeds }, (_, i) => flags.seed + i)
  const jobs = seeds.flatMap(seed =>
    policies.map((policy): Job => ({ id: scenario.name, scenario, seed, policy })),
  )
  const results = await runJobs(jobs, {
    progress: (done, all, { job }) => note(`${done}/${all}  ${job.policy}, seed ${job.seed}`),
  })
  tell(results)
  await keep(results, flags)
}

/**
 * The file of a scenario: one that comes along by its name, any other by its path.
 * @throws UsageError
 */
function fileOf(scenario: string): string {
  const shipped = shippedScenarios()
  const file = shipped.get(scenario)
  if (file !== undefined || /[./\\]/.test(scenario)) return file ?? scenario
  throw new UsageError(
    `--scenario: no scenario ${JSON.stringify(scenario)} comes along. ` +
      `Fix: name a file, or one of ${[...shipped.keys()].join(', ')}.`,
  )
}

/** @throws UsageError */
function known(name: string): string {
  try {
    return policyNamed(name.trim()).name
  } catch (error) {
    throw new UsageError(`--policies: ${(error as Error).message}`)
  }
}

function tell(results: readonly JobResult[]): void {
  print(leagueTable(rowsOf(results)).trimEnd())
  const first = results.filter(({ job }) => job.seed === results[0]!.job.seed)
  const groups = groupTable(first.map(({ job, measures }) => ({ policy: job.policy, measures })))
  if (groups !== '') print(`\n${groups.trimEnd()}`)
}

async function keep(results: readonly JobResult[], { report, json }: SimulateFlags): Promise<void> {
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
