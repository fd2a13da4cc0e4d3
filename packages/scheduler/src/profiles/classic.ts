import { classicOwner } from '../affinity/classic-owner.ts'
import { classicSession } from '../affinity/classic-session.ts'
import { fifo } from '../dequeue/fifo.ts'
import { modelFilter } from '../filters/model.ts'
import { platformFilter } from '../filters/platform.ts'
import { transportFilter } from '../filters/transport.ts'
import { DEFAULT_COOL_DOWNS } from '../health/cool-down.ts'
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

const RESPONSE_TTL_MS = 3_600_000

/** The reference, decision for decision and bit for bit: proved by the golden vectors. */
export function classicProfile(options: ProfileOptions = {}): Profile {
  checkOptions('classic', options)
  const ttlMs = options.sessionTtlMs ?? SESSION_TTL_MS
  return {
    name: 'classic',
    filters: [platformFilter, modelFilter, transportFilter],
    affinity: [classicOwner({ ttlMs: RESPONSE_TTL_MS }), classicSession({ ttlMs })],
    ranker: weightedSum(checkedWeights(options.weights)),
    picker: weightedRandom(checkedTopK(options.topK, DEFAULT_TOP_K)),
    dequeue: fifo,
    tries: 'top_k',
    waits: 'account',
    wait: waitRules(options.wait),
    sessionWrites: 'put',
    hitsCount: 'on_selection',
    unreadableLoads: 'zero',
    strangers: 'remember',
    ejection: undefined,
    coolDowns: DEFAULT_COOL_DOWNS,
    ownerTtlMs: options.ownerTtlMs ?? OWNER_TTL_MS,
  }
}
