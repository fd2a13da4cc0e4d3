import { warmSession } from '../affinity/warm-session.ts'
import { tenantFair } from '../dequeue/fair.ts'
import { fifo } from '../dequeue/fifo.ts'
import { modelFilter } from '../filters/model.ts'
import { platformFilter } from '../filters/platform.ts'
import { transportFilter } from '../filters/transport.ts'
import { DEFAULT_COOL_DOWNS } from '../health/cool-down.ts'
import { DEFAULT_EJECTION } from '../health/ejection.ts'
import { DEFAULT_TOP_K, weightedRandom } from '../pickers/weighted-random.ts'
import type { Profile } from '../profile.ts'
import { weightedSum } from '../rankers/weighted-sum.ts'
import {
  checkedTopK,
  checkedWeights,
  checkOptions,
  OWNER_TTL_MS,
  type ProfileOptions,
  SESSION_TTL_MS,
  waitRules,
} from './options.ts'

/**
 * The reference's score with its hazards mended: owners never leave their state domain, every eligible account is
 * tried before anyone waits, waiting binds late, bindings are compared before they are changed, and failing
 * accounts are ejected and probed.
 */
export function balancedProfile(options: ProfileOptions = {}): Profile {
  checkOptions('balanced', options)
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
    wait: waitRules(options.wait),
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
