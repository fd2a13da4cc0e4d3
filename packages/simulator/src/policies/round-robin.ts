import { pooled } from './pooled.ts'

/** The next account after the one chosen last: score = -((row - next) mod n). */
export const roundRobinPolicies = pooled('round-robin', ({ accounts }) => {
  let next = 0
  return {
    score(_request, rows, n, _columns, out) {
      const all = accounts.length
      for (let i = 0; i < n; i++) out[i] = -((rows[i]! - next + all) % all)
    },
    granted(account) {
      next = (account + 1) % accounts.length
    },
  }
})
