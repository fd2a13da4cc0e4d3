import {
  balancedProfile,
  type Columns,
  type EjectionRules,
  type Profile,
  type Ranker,
  type ScheduleRequest,
  weightedRandom,
} from '@headgate/scheduler'
import type { Observer, Policy, PolicyWorld, SimulatedRequest } from './policy.ts'

/** Gives each account a score; the highest is tried first. Rows are the accounts' places. */
export type Score = (
  request: SimulatedRequest,
  rows: Int32Array,
  n: number,
  columns: Columns,
  out: Float64Array,
) => void

/** A published policy's own part: its score, and what it learns from. */
export interface Scoring extends Observer {
  readonly score: Score
}

/**
 * Envoy's outlier detection with its defaults: out after 5 failures in a row, for 30 s and longer each time, up to
 * 300 s. (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier)
 */
export const ENVOY_EJECTION: EjectionRules = {
  faults: 5,
  backoffMs: 30_000,
  maxBackoffMs: 300_000,
  slowStartMs: 1,
}

/**
 * A published policy over the scheduler's engine: it scores the accounts, the best with a free slot serves, and when
 * none has one the request waits in one queue, for up to 30 s, for whichever frees first: as published they have no bound on
 * how many wait. No session affinity but what the score has;
 * `+ejection` adds Envoy's.
 */
export function pooled(name: string, scoring: (world: PolicyWorld) => Scoring): readonly Policy[] {
  return [undefined, ENVOY_EJECTION].map(ejection => ({
    name: ejection === undefined ? name : `${name}+ejection`,
    fingerprint: true,
    create(world) {
      const { score, ...observer } = scoring(world)
      return { profile: profileOf(name, score, ejection), observer }
    },
  }))
}

function profileOf(name: string, score: Score, ejection: EjectionRules | undefined): Profile {
  const balanced = balancedProfile()
  return {
    ...balanced,
    name,
    affinity: [],
    ranker: rankerOf(name, score),
    picker: weightedRandom(1),
    ejection,
    limits: 'ignore',
    wait: { ...balanced.wait, pool: { timeoutMs: 30_000, max: Number.MAX_SAFE_INTEGER } },
  }
}

/** One term: the score as it was when the choice was made. */
function rankerOf(name: string, score: Score): Ranker {
  return {
    name,
    termNames: [name],
    rank: (request: ScheduleRequest, indices, n, columns, _scratch, out) =>
      score(request as SimulatedRequest, indices, n, columns, out),
    terms: row => [row.score],
  }
}
