import { goTrim } from '../go-trim.ts'
import type { AffinityRule } from './affinity-rule.ts'
import { sessionBindingKey } from './binding-key.ts'

/**
 * The account where the session's prompt cache is warm, as long as it has a free slot. A full one is passed by at
 * once and stays bound: leaving costs a cold prompt, not correctness. One that failed this very request, cools
 * down or is ejected loses the session to where the request succeeds; one that is gone loses it at once.
 */
export function warmSession({ ttlMs }: { readonly ttlMs: number }): AffinityRule {
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
      return facts.excluded || !facts.reachable ? 'move' : 'use'
    },
  }
}
