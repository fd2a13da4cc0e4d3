import { type Job, type JobResult, type Scenario, scenarioProblems } from '@headgate/simulator'
import { runJobs, shippedScenarios } from '@headgate/simulator/node'
import { loadDocument } from '../config/load-document.ts'
import { note } from './output.ts'
import { policiesOf } from './policies.ts'
import { checkResultFiles, keepResults, tellResults } from './simulation-results.ts'
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
  const policies = policiesOf(flags.policies)
  const file = fileOf(flags.scenario)
  const scenario = (await loadDocument(file, { what: 'scenario', problemsOf: scenarioProblems })) as Scenario
  const seeds = Array.from({ length: flags.seeds }, (_, i) => flags.seed + i)
  const jobs = seeds.flatMap(seed =>
    policies.map((policy): Job => ({ id: scenario.name, scenario, seed, policy })),
  )
  await checkResultFiles(flags)
  const results = await run(jobs)
  tellResults(results)
  await keepResults(results, flags)
}

/** @throws UsageError when the scenario asks for more than can be run. */
async function run(jobs: readonly Job[]): Promise<JobResult[]> {
  try {
    return await runJobs(jobs, {
      progress: (done, all, { job }) => note(`${done}/${all}  ${job.policy}, seed ${job.seed}`),
    })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--scenario: ${error.message}`)
    throw error
  }
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
