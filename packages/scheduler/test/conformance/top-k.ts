import { createRanked, rankTopK } from '../../src/columns/ranked.ts'
import { candidateColumns, type VectorCandidate } from './candidates.ts'
import { differences } from './difference.ts'

/** The best K of candidates given in any order. */
export interface TopKVector {
  readonly candidates: readonly VectorCandidate[]
  readonly topK: number
  readonly ranked: readonly number[]
}

export function checkTopK(vector: TopKVector): string[] {
  const { columns, indices, scores } = candidateColumns(vector.candidates)
  const ranked = createRanked()
  // A profile refuses such a K; the reference's function takes it for 1.
  const topK = vector.topK <= 0 ? 1 : vector.topK
  rankTopK(columns, indices, scores, indices.length, topK, ranked)
  const got = Array.from(ranked.rows.subarray(0, ranked.n), row => columns.order[row])
  return differences('ranked', vector.ranked ?? [], got)
}
