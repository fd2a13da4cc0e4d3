import type { AffinityRule } from './affinity-rule.ts'
import { warmSession } from './warm-session.ts'

/**
 * {@link warmSession}, but for what a good binding is worth: it tells where the session is bound and asks nothing of it,
 * because what staying is worth is the ranker's to say, from the tokens that are cached there. The binding follows the
 * session to wherever a request of it succeeds after the bound account failed it, rests or is gone; a spill for load leaves
 * it where it is.
 */
export function pricedSession(options: { readonly ttlMs: number }): AffinityRule {
  const warm = warmSession(options)
  return {
    ...warm,
    judge(facts) {
      const verdict = warm.judge(facts)
      return verdict === 'use' ? 'price' : verdict
    },
  }
}
