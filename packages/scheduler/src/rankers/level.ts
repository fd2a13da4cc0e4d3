import type { Ranker } from './ranker.ts'

/** Scores every candidate the same: for pickers that look at the columns themselves. */
export const level: Ranker = {
  name: 'level',
  termNames: [],
  rank(_request, _indices, n, _columns, _scratch, out) {
    out.fill(0, 0, n)
  },
  terms: () => [],
}
