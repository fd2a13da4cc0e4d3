import { pooled } from './pooled.ts'
import { createPrefixIndex } from './prefix-index.ts'

const WEIGHTS = { prefix: 3, queue: 2, utilisation: 2 }
const SPAN_MS = 300_000

/**
 * llm-d's default profile, a weighted sum of scores in [0, 1]:
 *
 *   3 x share of the prompt's blocks sent there lately + 2 x (1 - its waiting between least and most) + 2 x (1 - share of
 *   its slots in use)
 *
 * Equal ones in random order. Unlike there: its third score is memory in use, which cannot be seen from outside, and slots in
 * use stand for it. Requests wait in one queue and not at servers, so the second seldom tells accounts apart. Blocks have 512
 * tokens, and are forgotten by age, not when a server's share of a table is full.
 * (https://github.com/llm-d/llm-d-router pkg/epp/config/loader/defaults.go, pkg/epp/framework/plugins/scheduling/scorer)
 */
export const llmdPolicies = pooled('llm-d', ({ accounts, chance, nowMs }) => {
  const index = createPrefixIndex(accounts.length, SPAN_MS)
  return {
    score({ prefix }, rows, n, { inUse, waiting, limit }, out) {
      const matched = index.matched(prefix, nowMs())
      let least = Number.POSITIVE_INFINITY
      let most = 0
      for (let i = 0; i < n; i++) {
        least = Math.min(least, waiting[rows[i]!]!)
        most = Math.max(most, waiting[rows[i]!]!)
      }
      for (let i = 0; i < n; i++) {
        const row = rows[i]!
        const queue = most === least ? 1 : (most - waiting[row]!) / (most - least)
        out[i] =
          (WEIGHTS.prefix * matched[row]!) / Math.max(1, prefix.length) +
          WEIGHTS.queue * queue +
          WEIGHTS.utilisation * (1 - inUse[row]! / limit[row]!) +
          1e-6 * chance.uniform()
      }
    },
    granted: (account, { prefix }) => index.add(account, prefix, nowMs()),
  }
})
