import type { AffinityRule } from './affinity/affinity-rule.ts'
import { classicOwner } from './affinity/classic-owner.ts'
import { classicSession } from './affinity/classic-session.ts'
import { pricedSession } from './affinity/priced-session.ts'
import { warmSession } from './affinity/warm-session.ts'
import type { DequeuePolicy } from './dequeue/dequeue.ts'
import { tenantFair, warmFair } from './dequeue/fair.ts'
import { fifo } from './dequeue/fifo.ts'
import { SchedulerError } from './errors.ts'
import type { Filter } from './filters/filter.ts'
import { modelFilter } from './filters/model.ts'
import { platformFilter } from './filters/platform.ts'
import { transportFilter } from './filters/transport.ts'
import { type CoolDownRules, DEFAULT_COOL_DOWNS } from './health/cool-down.ts'
import { DEFAULT_EJECTION, type EjectionRules } from './health/ejection.ts'
import { bestFirst } from './pickers/best-first.ts'
import { leastLoaded } from './pickers/least-loaded.ts'
import type { Picker } from './pickers/picker.ts'
import { DEFAULT_TOP_K, weightedRandom } from './pickers/weighted-random.ts'
import { type CostWeights, DEFAULT_COSTS, expectedCost } from './rankers/expected-cost.ts'
import { level } from './rankers/level.ts'
import type { Ranker } from './rankers/ranker.ts'
import { weightedSum } from './rankers/weighted-sum.ts'
import { DEFAULT_WEIGHTS, type Weights } from './rankers/weights.ts'
import { randomFew } from './samplers/random-few.ts'
import type { Sampler } from './samplers/sampler.ts'

/** How long a request may pass free accounts by for one that is expected to serve it sooner; see engine/patience.ts. */
export interface PatienceRule {
  /** Never longer than this. */
  readonly maxMs: number
  /** What a free account must cost more before anyone waits for another: what the prediction may be wrong by. */
  readonly marginMs: number
}

/** One queue's bounds. */
export interface WaitRule {
  readonly timeoutMs: number
  readonly max: number
  /**
   * Nobody enters a queue of four or more who would have to wait longer than this, judged by how long slots are held, or
   * longer than a thirteenth of it in a queue that was not empty for two minutes; read of the pool's rule, where the profile
   * learns. Default: whoever finds a place may enter.
   */
  readonly shedMs?: number
  /**
   * The share of `max` one tenant may have while others wait too, above 0 and at most 1; read of the pool's rule,
   * which bounds the whole queue, and only where waiting is over the pool. Default 0.5.
   */
  readonly maxShare?: number
}

/**
 * How a pool chooses, as data: every part can be replaced by one's own.
 *
 * Data flows one way: filters leave out what cannot serve, affinity looks for where the request was before, the
 * ranker scores the rest, the picker orders the best, and whoever waits is served by the dequeue policy.
 */
export interface Profile {
  readonly name: string
  readonly filters: readonly Filter[]
  /** Tried in order before balancing. */
  readonly affinity: readonly AffinityRule[]
  readonly ranker: Ranker
  readonly picker: Picker
  /** Whom to compare in a large pool. Default: everyone. */
  readonly sampler?: Sampler
  /**
   * Learns latency, health and warm caches from answers, for a ranker that reads them. Sessions are then led back by
   * what leaving would cost, not by a rule. Default `off`.
   */
  readonly learning?: 'off' | 'on'
  /** Lets a request wait for an account that is worth the wait, although others are free. Needs a {@link CostRanker}. */
  readonly patience?: PatienceRule
  readonly dequeue: DequeuePolicy
  /** `top_k`: no account beyond the picker's is ever tried. `all`: every other eligible one before any wait. */
  readonly tries: 'top_k' | 'all'
  /** `account`: a plan names one account. `pool`: the first eligible account to free serves (late binding). */
  readonly waits: 'account' | 'pool'
  readonly wait: { readonly sticky: WaitRule; readonly pool: WaitRule; readonly owner: WaitRule }
  /** `put` overwrites a session's binding, `if_absent` never does. */
  readonly sessionWrites: 'put' | 'if_absent'
  /** When a sticky hit is counted: as the reference does, for a mere plan too, or once admitted. */
  readonly hitsCount: 'on_selection' | 'on_admission'
  /** While loads cannot be read, rankers see zeros (the reference) or what was known last. */
  readonly unreadableLoads: 'zero' | 'keep'
  /** Statistics of ids that are no account: kept, as the reference does, or ignored. */
  readonly strangers: 'remember' | 'ignore'
  readonly ejection: EjectionRules | undefined
  readonly coolDowns: CoolDownRules
  /** Whether accounts with too little left of their reported rate limits are passed over. Default `ignore`. */
  readonly limits?: 'ignore' | 'respect'
  /** How long a hard key stays bound: as long as stored responses live. */
  readonly ownerTtlMs: number
}

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
const SESSION_TTL_MS = HOUR_MS
const RESPONSE_TTL_MS = HOUR_MS
/** Stored responses live at least 30 days upstream. */
const OWNER_TTL_MS = 30 * 24 * HOUR_MS

const DEFAULT_WAIT: Profile['wait'] = {
  sticky: { timeoutMs: 45_000, max: 3 },
  pool: { timeoutMs: 30_000, max: 100 },
  owner: { timeoutMs: 45_000, max: 100 },
}

/** The reference, decision for decision and bit for bit: proved by the golden vectors. */
export function classicProfile(options: ProfileOptions = {}): Profile {
  const ttlMs = options.sessionTtlMs ?? SESSION_TTL_MS
  return {
    name: 'classic',
    filters: [platformFilter, modelFilter, transportFilter],
    affinity: [classicOwner({ ttlMs: RESPONSE_TTL_MS }), classicSession({ ttlMs })],
    ranker: weightedSum(checkedWeights(options.weights)),
    picker: weightedRandom(checkedTopK(options.topK, DEFAULT_TOP_K)),
    dequeue: checkedFifo(options.fairness),
    tries: 'top_k',
    waits: 'account',
    wait: checkedWait(options.wait),
    sessionWrites: 'put',
    hitsCount: 'on_selection',
    unreadableLoads: 'zero',
    strangers: 'remember',
    ejection: undefined,
    coolDowns: DEFAULT_COOL_DOWNS,
    ownerTtlMs: options.ownerTtlMs ?? OWNER_TTL_MS,
  }
}

/** The reference's selection without a scheduler: session first, then the least loaded. */
export function loadAwareProfile(options: ProfileOptions = {}): Profile {
  const ttlMs = options.sessionTtlMs ?? SESSION_TTL_MS
  return {
    ...classicProfile(options),
    name: 'load-aware',
    affinity: [classicSession({ ttlMs })],
    ranker: level,
    picker: leastLoaded,
    ejection: DEFAULT_EJECTION,
    limits: 'respect',
  }
}

/**
 * The reference's score with its hazards mended: owners never leave their state domain, every eligible account is
 * tried before anyone waits, waiting binds late, bindings are compared before they are changed, and failing
 * accounts are ejected and probed.
 */
export function balancedProfile(options: ProfileOptions = {}): Profile {
  const ttlMs = options.sessionTtlMs ?? SESSION_TTL_MS
  return {
    name: 'balanced',
    filters: [platformFilter, modelFilter, transportFilter],
    affinity: [warmSession({ ttlMs })],
    ranker: weightedSum(checkedWeights(options.weights)),
    picker: weightedRandom(checkedTopK(options.topK, DEFAULT_TOP_K)),
    dequeue: options.fairness === 'tenant' ? tenantFair : fifo,
    tries: 'all',
    waits: 'pool',
    wait: checkedWait(options.wait),
    sessionWrites: 'if_absent',
    hitsCount: 'on_admission',
    unreadableLoads: 'keep',
    strangers: 'ignore',
    ejection: DEFAULT_EJECTION,
    limits: 'respect',
    coolDowns: DEFAULT_COOL_DOWNS,
    ownerTtlMs: options.ownerTtlMs ?? OWNER_TTL_MS,
  }
}

/** Twelve at random and the warm ones do as well as all of them; see samplers/random-few.ts. */
const ADAPTIVE_SAMPLE = 12
/** As many as are ever compared: of equal ones none may be left out, or it would never be asked while the pool idles. */
const ADAPTIVE_TOP_K = 16
/** A probe every half a minute costs a request of some hundreds, and brings a healed account back in half the time. */
const ADAPTIVE_BACKOFF_MS = 30_000
const ADAPTIVE_PATIENCE: PatienceRule = { maxMs: 4_000, marginMs: 300 }
/** Beyond it a request is better off elsewhere or later: told at once, it can still be. A burst passes sooner. */
const ADAPTIVE_SHED_MS = 10_000

/**
 * The expected cost of serving a request at each account, learned from their answers, instead of a weighted sum; a
 * session leaves its account when staying costs more; a request may wait, within bounds, for an account worth it; and
 * a freed slot goes to whom it serves best among those whose turn it is. Why, and what each part brings:
 * docs/explanation/routing.md.
 */
export function adaptiveProfile(options: ProfileOptions = {}): Profile {
  const ttlMs = options.sessionTtlMs ?? SESSION_TTL_MS
  const balanced = balancedProfile(options)
  return {
    ...balanced,
    name: 'adaptive',
    affinity: [pricedSession({ ttlMs })],
    ranker: expectedCost(checkedCosts(options.costs)),
    picker: bestFirst(checkedTopK(options.topK, ADAPTIVE_TOP_K)),
    sampler: randomFew(ADAPTIVE_SAMPLE),
    learning: 'on',
    patience: ADAPTIVE_PATIENCE,
    ejection: { ...DEFAULT_EJECTION, maxBackoffMs: ADAPTIVE_BACKOFF_MS },
    dequeue: warmFair,
    wait: { ...balanced.wait, pool: { shedMs: ADAPTIVE_SHED_MS, ...balanced.wait.pool } },
  }
}

/** The shipped profiles by the names configurations use. */
export const PROFILES = {
  classic: classicProfile,
  'load-aware': loadAwareProfile,
  balanced: balancedProfile,
  adaptive: adaptiveProfile,
} as const

export type ProfileName = keyof typeof PROFILES

function checkedWeights(given: Partial<Weights> | undefined): Weights {
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

function checkedCosts(given: Partial<CostWeights> | undefined): CostWeights {
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

function checkedFifo(fairness: ProfileOptions['fairness']): DequeuePolicy {
  if (fairness !== 'tenant') return fifo
  throw new SchedulerError(
    'invalid_profile',
    "fairness is 'tenant', but this profile has a queue for each account, served first come, first served; use balanced.",
  )
}

function checkedWait(given: Partial<Profile['wait']> | undefined): Profile['wait'] {
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

function checkedTopK(topK: number | undefined, usual: number): number {
  if (topK === undefined || topK === 0) return usual
  if (!Number.isInteger(topK) || topK < 0) {
    throw new SchedulerError('invalid_profile', `topK is ${topK}; it must be a whole number of at least 1.`)
  }
  return topK
}
