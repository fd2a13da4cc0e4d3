import { type Figures, figuresOf } from '../measure/figures.ts'
import { type Measures, measure } from '../measure/measures.ts'
import { policyNamed } from '../policies/catalogue.ts'
import type { Stopwatch } from '../run/gateways.ts'
import { simulate, type World } from '../run/simulate.ts'
import { buildWorld, type Traces } from '../scenario/build.ts'
import type { Scenario } from '../scenario/scenario.ts'

/** One run to be made: data, so that it can be sent to a thread. */
export interface Job {
  /** The scenario's name in the table. */
  readonly id: string
  readonly scenario: Scenario
  readonly seed: number
  readonly policy: string
}

/** What came of it. */
export interface JobResult {
  readonly job: Job
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
    const result = await simulate(kept.world, policyNamed(job.policy), options)
    return { job, measures: measure(result), figures: figuresOf(result) }
  }
}
