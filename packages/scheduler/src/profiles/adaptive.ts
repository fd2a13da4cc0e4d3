import { pricedSession } from '../affinity/priced-session.ts'
import { warmFair } from '../dequeue/fair.ts'
import { DEFAULT_EJECTION } from '../health/ejection.ts'
import { bestFirst } from '../pickers/best-first.ts'
import type { PatienceRule, Profile } from '../profile.ts'
import { expectedCost } from '../rankers/expected-cost.ts'
import { randomFew } from '../samplers/random-few.ts'
import { balancedProfile } from './balanced.ts'
import {
  checkedCosts,
  checkedTopK,
  checkOptions,
  type ProfileOptions,
  SESSION_TTL_MS,
  waitRules,
} from './options.ts'

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
  checkOptions('adaptive', options)
  const { costs, topK, fairness: _, wait = {}, ...others } = options
  const ttlMs = options.sessionTtlMs ?? SESSION_TTL_MS
  const balanced = balancedProfile(others)
  const rules = waitRules(wait)
  return {
    ...balanced,
    name: 'adaptive',
    affinity: [pricedSession({ ttlMs })],
    ranker: expectedCost(checkedCosts(costs)),
    picker: bestFirst(checkedTopK(topK, ADAPTIVE_TOP_K)),
    sampler: randomFew(ADAPTIVE_SAMPLE),
    learning: 'on',
    patience: ADAPTIVE_PATIENCE,
    ejection: { ...DEFAULT_EJECTION, maxBackoffMs: ADAPTIVE_BACKOFF_MS },
    dequeue: warmFair,
    wait: { ...rules, pool: { shedMs: ADAPTIVE_SHED_MS, ...rules.pool } },
  }
}
