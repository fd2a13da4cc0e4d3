import { pooled } from './pooled.ts'
import { createPrefixIndex } from './prefix-index.ts'

const CACHE_THRESHOLD = 0.3
/** The pool is out of balance when the most loaded has this many more requests than the least, and so many times more. */
const BALANCE_ABSOLUTE = 8
const BALANCE_RELATIVE = 1.5
const SPAN_MS = 300_000

/**
 * SGLang's cache-aware router: in balance, when some account knows more than 30 % of the prompt, the one that knows most;
 * else the least loaded. Out of balance is largest - smallest > 8 and largest > 1.5 x smallest, in requests of an account
 * of 8 slots.
 *
 * Unlike there: the difference is 8 in place of 64, for pools this small; load is a slot's share, as smg weighs it by
 * capacity; the index knows blocks of 512 tokens, not characters, and forgets by age, not by size; of those that know as
 * much, the least loaded. Where nobody knows the prompt, older versions take the smallest tree, which does worse here.
 * (https://github.com/sgl-project/sglang sgl-model-gateway/src/policies/cache_aware.rs)
 */
export const sglangPolicies = pooled('sglang', ({ accounts, nowMs }) => {
  const index = createPrefixIndex(accounts.length, SPAN_MS)
  return {
    score({ prefix }, rows, n, { inUse, limit }, out) {
      const matched = index.matched(prefix, nowMs())
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
        const use = inUse[rows[i]!]! / limit[rows[i]!]!
        out[i] = byCache ? out[i]! * 1000 - use : -use
      }
    },
    granted: (account, { prefix }) => index.add(account, prefix, nowMs()),
  }
})
