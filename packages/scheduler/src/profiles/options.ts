import { SchedulerError } from '../errors.ts'
import type { Profile, WaitRule } from '../profile.ts'
import { type CostWeights, DEFAULT_COSTS } from '../rankers/expected-cost.ts'
import { DEFAULT_WEIGHTS, type Weights } from '../rankers/weights.ts'

/**
 * What may be changed of a shipped profile without replacing parts. An option that a profile has no use for is refused:
 * it would be believed to do something.
 */
export interface ProfileOptions {
  /** Of `classic` and `balanced`. */
  readonly weights?: Partial<Weights>
  /** How many of the best are drawn among; not of `load-aware`. Absent or 0: 7, and all that were compared in `adaptive`. */
  readonly topK?: number
  /** `maxShare` needs a queue over the pool (`balanced`, `adaptive`), `shedMs` needs `adaptive`; both are the pool's alone. */
  readonly wait?: Partial<Profile['wait']>
  /** Of `adaptive`: what its costs weigh; a 0 switches one off. */
  readonly costs?: Partial<CostWeights>
  /**
   * Who is served first in a queue over the pool: the oldest (default), or tenants by turns. `balanced` only: in
   * `adaptive` tenants always take turns.
   */
  readonly fairness?: 'fifo' | 'tenant'
  /** How long a session stays bound after its last request. Default an hour. */
  readonly sessionTtlMs?: number
  /** How long a hard key stays bound. Default 30 days. */
  readonly ownerTtlMs?: number
}

type ProfileName = 'classic' | 'load-aware' | 'balanced' | 'adaptive'

/** Which profiles have a use for what not all have. */
const USED_BY = {
  weights: ['classic', 'balanced'],
  topK: ['classic', 'balanced', 'adaptive'],
  costs: ['adaptive'],
  fairness: ['balanced'],
} satisfies Partial<Record<keyof ProfileOptions, readonly ProfileName[]>>

/** @throws SchedulerError `invalid_profile`, for the first option that is wrong or that the profile has no use for */
export function checkOptions(name: ProfileName, options: ProfileOptions): void {
  for (const [option, profiles] of Object.entries(USED_BY)) {
    const given = options[option as keyof typeof USED_BY]
    // A topK of 0 is none.
    const isGiven = given !== undefined && given !== 0
    const isUsed = (profiles as readonly ProfileName[]).includes(name) || isUsual(name, option, options)
    if (isGiven && !isUsed)
      invalid(`${option} is of ${profiles.join(', ')}; ${name} has no use for it. Leave it out.`)
  }
  const { wait = {}, sessionTtlMs, ownerTtlMs } = options
  for (const [queue, rule] of Object.entries(wait)) checkRule(name, `wait.${queue}`, rule)
  for (const [ttl, ms] of Object.entries({ sessionTtlMs, ownerTtlMs }))
    if (ms !== undefined && !(ms > 0)) invalid(`${ttl} is ${ms}; it must be above 0.`)
}

/** What a profile does anyway may be said of it. */
function isUsual(name: ProfileName, option: string, { fairness }: ProfileOptions): boolean {
  return option === 'fairness' && (fairness === 'tenant') === (name === 'adaptive')
}

function checkRule(name: ProfileName, queue: string, { timeoutMs, max, maxShare, shedMs }: WaitRule): void {
  if (!(timeoutMs >= 0)) invalid(`${queue}.timeoutMs is ${timeoutMs}; it must be at least 0.`)
  if (!(max >= 0)) invalid(`${queue}.max is ${max}; it must be at least 0.`)
  if (maxShare !== undefined && !(maxShare > 0 && maxShare <= 1))
    invalid(`${queue}.maxShare is ${maxShare}; it must be above 0 and at most 1.`)
  if (shedMs !== undefined && !(shedMs >= 0)) invalid(`${queue}.shedMs is ${shedMs}; it must be at least 0.`)
  if (queue !== 'wait.pool' && (maxShare !== undefined || shedMs !== undefined))
    invalid(
      `${queue} has ${shedMs === undefined ? 'maxShare' : 'shedMs'}, which is of wait.pool. Leave it out.`,
    )
  if (maxShare !== undefined && name !== 'balanced' && name !== 'adaptive')
    invalid(
      `wait.pool.maxShare is of balanced, adaptive; ${name} has a queue for each account. Leave it out.`,
    )
  if (shedMs !== undefined && name !== 'adaptive')
    invalid(`wait.pool.shedMs is of adaptive; ${name} does not learn how long slots are held. Leave it out.`)
}

function invalid(message: string): never {
  throw new SchedulerError('invalid_profile', message)
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
      invalid(`The weight ${name} is ${weight}; it must be finite and at least 0.`)
    }
    sum += weight
  }
  if (sum <= 0) invalid('All weights are 0; at least one must be positive.')
  return weights
}

export function checkedCosts(given: Partial<CostWeights> | undefined): CostWeights {
  const costs = { ...DEFAULT_COSTS, ...given }
  for (const [name, weight] of Object.entries(costs)) {
    if (Number.isFinite(weight) && weight >= 0) continue
    invalid(`The cost ${name} is ${weight}; it must be finite and at least 0.`)
  }
  return costs
}

/** The bounds of a profile's queues: those given, and the usual ones of the others. */
export function waitRules(given: Partial<Profile['wait']> | undefined): Profile['wait'] {
  return { ...DEFAULT_WAIT, ...given }
}

export function checkedTopK(topK: number | undefined, usual: number): number {
  if (topK === undefined || topK === 0) return usual
  if (!Number.isInteger(topK) || topK < 0) {
    invalid(`topK is ${topK}; it must be a whole number of at least 1.`)
  }
  return topK
}
