import { goTrim } from '../go-trim.ts'
import type { AffinityRule } from './affinity-rule.ts'
import { responseBindingKey } from './binding-key.ts'

/**
 * The reference's first layer: the account that made the previous response. Its checks come in the reference's
 * own order; a miss is silent, which is why every other profile resolves owners before the profile instead.
 */
export function classicOwner({ ttlMs }: { readonly ttlMs: number }): AffinityRule {
  return {
    layer: 'previous_response_id',
    whenBusy: 'wait',
    ttlMs,
    key(request, scope) {
      const id = goTrim(request.previousResponse ?? '')
      return id === '' ? undefined : responseBindingKey(scope, id)
    },
    judge(facts) {
      if (facts.excluded) return 'keep'
      if (facts.gone) return 'unbind'
      if (!facts.supportsWebSocket) return 'keep'
      if (facts.mustClear || facts.foreign) return 'unbind'
      return facts.modelSupported ? 'use' : 'keep'
    },
  }
}
