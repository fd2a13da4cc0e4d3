import type { DequeuePolicy } from '../dequeue/dequeue.ts'
import { fifo } from '../dequeue/fifo.ts'
import { SchedulerError } from '../errors.ts'
import type { Profile } from '../profile.ts'
import { type CostWeights, DEFAULT_COSTS } from '../rankers/expected-cost.ts'
import { DEFAULT_WEIGHTS, type Weights } from '../rankers/weights.ts'

/** What may be changed of a shipped profile without replacing parts. */
export interface ProfileOptions {
  readonly weights?: Partial<Weights>
  /** How many of the best are drawn among. Absent or 0: 7, and all that were compared in `adaptive`. */
  readonly topK?: number
  readonly wait?: Partial<Profile['wait']>
  /** Of `adaptive`: what its costs weigh; a 0 switches one off. */
  readonly costs?: Partial<CostWeights>
  /**
   * Who is served first in a queue over the pool: the oldest (default), or tenants by turns. `balanced` only: in
   * `adaptive` tenants always take turns.
   */
  readonly fairness?: 'fifo' | 'tenant'
  readonly sessionTtlMs?: number
  readonly ownerTtlMs?: number
}

const HOUR_MS = 3_600_000
export const SESSION_TTL_MS = HOUR_MS
/** Stored responses live at least 30 days upstream. */
export const OWNER_TTL_MS = 30 * 24 * HOUR_MS

const DEFAULT_WAIT: Profile['wait'] = {
  sticky: { timeoutMs: 45_000, max: 3 },
  pool: { timeoutMs: 30_000, max: 100 },
  owner: { timeoutMs: 45_000, max: 100 },
}

export function checkedWeights(given: Partial<Weights> | undefined): Weights {
  const weights = { ...DEFAULT_WEIGHTS, ...given }
  let sum = 0
  for (const [name, weight] of Object.entries(weights)) {
    if (!Number.isFinite(weight) || weight < 0) {
      throw new SchedulerError(
        'invalid_profile',
        `The weight ${name} is ${weight}; it must be finite and at least 0.`,
      )
    }
    sum += weight
  }
  if (sum <= 0)
    throw new SchedulerError('invalid_profile', 'All weights are 0; at least one must be positive.')
  return weights
}

export function checkedCosts(given: Partial<CostWeights> | undefined): CostWeights {
  const costs = { ...DEFAULT_COSTS, ...given }
  for (const [name, weight] of Object.entries(costs)) {
    if (Number.isFinite(weight) && weight >= 0) continue
    throw new SchedulerError(
      'invalid_profile',
      `The cost ${name} is ${weight}; it must be finite and at least 0.`,
    )
  }
  return costs
}

export function checkedFifo(fairness: ProfileOptions['fairness']): DequeuePolicy {
  if (fairness !== 'tenant') return fifo
  throw new SchedulerError(
    'invalid_profile',
    "fairness is 'tenant', but this profile has a queue for each account, served first come, first served; use balanced.",
  )
}

export function checkedWait(given: Partial<Profile['wait']> | undefined): Profile['wait'] {
  const wait = { ...DEFAULT_WAIT, ...given }
  const { maxShare, shedMs } = wait.pool
  if (maxShare !== undefined && !(maxShare > 0 && maxShare <= 1)) {
    throw new SchedulerError(
      'invalid_profile',
      `wait.pool.maxShare is ${maxShare}; it must be above 0 and at most 1.`,
    )
  }
  if (shedMs !== undefined && !(shedMs >= 0)) {
    throw new SchedulerError('invalid_profile', `wait.pool.shedMs is ${shedMs}; it must be at least 0.`)
  }
  return wait
}

export function checkedTopK(topK: number | undefined, usual: number): number {
  if (topK === undefined || topK === 0) return usual
  if (!Number.isInteger(topK) || topK < 0) {
    throw new SchedulerError('invalid_profile', `topK is ${topK}; it must be a whole number of at least 1.`)
  }
  return topK
}
