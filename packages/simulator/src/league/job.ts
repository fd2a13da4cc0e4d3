import { type Figures, figuresOf } from '../measure/figures.ts'
import { type Measures, measure } from '../measure/measures.ts'
import { policyNamed } from '../policies/catalogue.ts'
import type { Stopwatch } from '../run/gateways.ts'
import { simulate } from '../run/simulate.ts'
import type { World } from '../run/world.ts'
import { buildWorld, type Traces } from '../scenario/build.ts'
import type { Scenario } from '../scenario/scenario.ts'

/** What a run is called in tables and reports. */
export interface RunLabel {
  /** The scenario's name in the table. */
  readonly id: string
  readonly scenario: Pick<Scenario, 'name' | 'description'>
  readonly seed: number
  readonly policy: string
}

/** One run to be made: data, so that it can be sent to a thread. */
export interface Job extends RunLabel {
  readonly scenario: Scenario
}

/** What came of it. */
export interface JobResult {
  readonly job: RunLabel
  readonly measures: Measures
  readonly figures: Figures
}

/** Makes runs one after the other; the world of the last one is kept, for the next is most often in the same. */
export function createJobRunner(traces: Traces, stopwatch?: Stopwatch): (job: Job) => Promise<JobResult> {
  let kept: { readonly key: string; readonly world: World } | undefined
  return async job => {
    const key = JSON.stringify([job.scenario, job.seed])
    if (kept?.key !== key) kept = { key, world: buildWorld(job.scenario, job.seed, traces) }
    const options = stopwatch === undefined ? {} : { stopwatch }
    return runOnce(kept.world, job, options)
  }
}

/** Runs the policy a label names, in a world made before. */
export async function runOnce(
  world: World,
  job: RunLabel,
  options: { readonly stopwatch?: Stopwatch } = {},
): Promise<JobResult> {
  const result = await simulate(world, policyNamed(job.policy), options)
  return { job, measures: measure(result), figures: figuresOf(result) }
}
