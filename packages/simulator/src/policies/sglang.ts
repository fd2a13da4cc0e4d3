import { pooled } from './pooled.ts'
import { createPrefixIndex } from './prefix-index.ts'

const CACHE_THRESHOLD = 0.3
/** The pool is out of balance when the most loaded has this many more requests than the least, and so many times more. */
const BALANCE_ABSOLUTE = 8
const BALANCE_RELATIVE = 1.5
const SPAN_MS = 300_000

/**
 * SGLang's cache-aware router: out of balance (largest - smallest > 8 and largest > 1.5 x smallest, in requests of an
 * account of 8 slots), the least loaded; else, when some account knows more than 30 % of the prompt, the one that knows
 * most; else the one with the smallest tree.
 * (https://github.com/sgl-project/sglang sgl-model-gateway, policies/cache_aware.rs; thresholds for pools this small)
 */
export const sglangPolicies = pooled('sglang', ({ accounts, nowMs }) => {
  const index = createPrefixIndex(accounts.length, SPAN_MS)
  return {
    score({ prefix }, rows, n, { inUse, limit }, out) {
      const matched = index.matched(prefix)
      let least = Number.POSITIVE_INFINITY
      let most = 0
      let best = 0
      for (let i = 0; i < n; i++) {
        const row = rows[i]!
        const load = (inUse[row]! * 8) / limit[row]!
        least = Math.min(least, load)
        most = Math.max(most, load)
        out[i] = matched[row]! / Math.max(1, prefix.length)
        best = Math.max(best, out[i]!)
      }
      const outOfBalance = most - least > BALANCE_ABSOLUTE && most > BALANCE_RELATIVE * least
      const byCache = !outOfBalance && best > CACHE_THRESHOLD
      for (let i = 0; i < n; i++) {
        const row = rows[i]!
        if (byCache) out[i] = out[i]! * 1000 - inUse[row]! / limit[row]!
        else out[i] = outOfBalance ? -inUse[row]! / limit[row]! : -index.size(row) / limit[row]!
      }
    },
    granted: (account, { prefix }) => index.add(account, prefix, nowMs()),
  }
})
