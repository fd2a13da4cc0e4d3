import { goTrim } from '../go-trim.ts'
import type { AffinityRule } from './affinity-rule.ts'
import { sessionBindingKey } from './binding-key.ts'

/**
 * Tells where the session is bound and asks nothing of it: what staying is worth is the ranker's to say, from the
 * tokens that are cached there. The binding follows the session to wherever a request of it succeeds after the bound
 * account failed it, rests or is gone; a spill for load leaves it where it is.
 */
export function pricedSession({ ttlMs }: { readonly ttlMs: number }): AffinityRule {
  return {
    layer: 'session_hash',
    whenBusy: 'spill',
    ttlMs,
    key(request, scope) {
      const session = goTrim(request.session ?? '')
      return session === '' ? undefined : sessionBindingKey(scope, session)
    },
    judge(facts) {
      if (facts.gone || facts.foreign) return 'unbind'
      if (!facts.modelSupported || !facts.transportMatches) return 'keep'
      return facts.excluded || !facts.reachable ? 'move' : 'price'
    },
  }
}
