import type { AffinityRule } from './affinity/affinity-rule.ts'
import type { DequeuePolicy } from './dequeue/dequeue.ts'
import type { Filter } from './filters/filter.ts'
import type { CoolDownRules } from './health/cool-down.ts'
import type { EjectionRules } from './health/ejection.ts'
import type { Picker } from './pickers/picker.ts'
import type { Ranker } from './rankers/ranker.ts'
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
