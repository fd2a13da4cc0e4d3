import type { Columns } from './columns.ts'
import { standsBefore } from './order.ts'

/** The best candidates of one selection, best first. Reused from selection to selection. */
export interface Ranked {
  rows: Int32Array
  scores: Float64Array
  n: number
}

/** Room for `capacity` candidates; grows when asked for more. */
export function createRanked(capacity = 64): Ranked {
  return { rows: new Int32Array(capacity), scores: new Float64Array(capacity), n: 0 }
}

/** Makes room for `capacity` candidates and empties it. */
export function resetRanked(ranked: Ranked, capacity: number): void {
  if (ranked.rows.length < capacity) {
    ranked.rows = new Int32Array(capacity * 2)
    ranked.scores = new Float64Array(capacity * 2)
  }
  ranked.n = 0
}

/**
 * Keeps the best `topK` of the candidates in order: insertion into a short sorted list, which for the usual K
 * of 7 beats a heap. With a `topK` of Infinity all are kept as they come: that picker orders them itself.
 */
export function rankTopK(
  columns: Columns,
  indices: Int32Array,
  scores: Float64Array,
  n: number,
  topK: number,
  ranked: Ranked,
): void {
  const k = Math.min(topK, n)
  resetRanked(ranked, k)
  const { rows, scores: best } = ranked
  if (topK === Number.POSITIVE_INFINITY) {
    rows.set(indices.subarray(0, n))
    best.set(scores.subarray(0, n))
    ranked.n = n
    return
  }
  let size = 0
  for (let i = 0; i < n; i++) {
    const row = indices[i]!
    const score = scores[i]!
    if (size === k) {
      const worst = best[k - 1]!
      if (score < worst || !standsBefore(columns, row, score, rows[k - 1]!, worst)) continue
      size--
    }
    let at = size++
    while (at > 0 && standsBefore(columns, row, score, rows[at - 1]!, best[at - 1]!)) {
      rows[at] = rows[at - 1]!
      best[at] = best[at - 1]!
      at--
    }
    rows[at] = row
    best[at] = score
  }
  ranked.n = size
}
