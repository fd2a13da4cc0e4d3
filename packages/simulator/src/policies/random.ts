import { pooled } from './pooled.ts'

/** Any account, all alike: score = U(0, 1). The floor of every table. */
export const randomPolicies = pooled('random', ({ chance }) => ({
  score(_request, _rows, n, _columns, out) {
    for (let i = 0; i < n; i++) out[i] = chance.uniform()
  },
}))
