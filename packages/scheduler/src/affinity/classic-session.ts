import { goTrim } from '../go-trim.ts'
import type { AffinityRule } from './affinity-rule.ts'
import { sessionBindingKey } from './binding-key.ts'

/** The reference's second layer: the account that served the session last, waited for when busy. */
export function classicSession({ ttlMs }: { readonly ttlMs: number }): AffinityRule {
  return {
    layer: 'session_hash',
    whenBusy: 'wait',
    ttlMs,
    key(request, scope) {
      const session = goTrim(request.session ?? '')
      return session === '' ? undefined : sessionBindingKey(scope, session)
    },
    judge(facts) {
      if (facts.excluded) return 'keep'
      if (facts.gone || facts.mustClear || facts.foreign) return 'unbind'
      if (!facts.modelSupported) return 'keep'
      return facts.transportMatches ? 'use' : 'unbind'
    },
  }
}
