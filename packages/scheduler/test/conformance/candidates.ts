import { addRow, type Columns, createColumns } from '../../src/columns/columns.ts'

/** A candidate as the vectors have it: JSON knows no NaN and no infinity, so those scores are texts. */
export interface VectorCandidate {
  readonly accountId: number
  readonly priority: number
  readonly loadRate: number
  readonly waitingCount: number
  readonly score: number | string
}

/** Candidates as rows of the engine's columns, and their scores. */
export interface CandidateColumns {
  readonly columns: Columns
  readonly indices: Int32Array
  readonly scores: Float64Array
}

export function candidateColumns(candidates: readonly VectorCandidate[]): CandidateColumns {
  const columns = createColumns()
  for (const candidate of candidates) {
    const row = addRow(columns)
    columns.ids[row] = String(candidate.accountId)
    columns.order[row] = candidate.accountId
    columns.priority[row] = candidate.priority
    columns.loadRate[row] = candidate.loadRate
    columns.waiting[row] = candidate.waitingCount
  }
  return {
    columns,
    indices: Int32Array.from(candidates, (_, row) => row),
    scores: Float64Array.from(candidates, candidate => Number(candidate.score)),
  }
}
