import { pooled } from './pooled.ts'

/** The account with the least share of its slots in use: score = -(in use / slots), equal ones in random order. */
export const leastLoadedPolicies = pooled('least-loaded', ({ chance }) => ({
  score(_request, rows, n, { inUse, limit }, out) {
    for (let i = 0; i < n; i++) {
      const row = rows[i]!
      out[i] = -inUse[row]! / limit[row]! - 1e-6 * chance.uniform()
    }
  },
}))
