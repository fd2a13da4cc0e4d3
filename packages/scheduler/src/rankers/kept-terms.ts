/** Of so many candidates the terms are kept; more are never recorded together. */
const KEPT = 64

/**
 * The terms of the candidates ranked last, kept between the ranking and its record: what was computed for the score is
 * written down as it was, and recording costs no arithmetic. Of a set too large nothing is kept but one candidate's at a time.
 */
export interface KeptTerms {
  readonly terms: Float64Array
  /** Begins a ranking of so many. */
  begin(count: number): void
  /** Where the terms of the i-th candidate go. */
  placeFor(i: number, row: number): number
  /** Where those of a row are; -1 where they were not kept. */
  placeOf(row: number): number
}

/** Room for the terms of a ranker that has so many. */
export function createKeptTerms(perCandidate: number): KeptTerms {
  const terms = new Float64Array(KEPT * perCandidate)
  const rows = new Int32Array(KEPT)
  let count = 0
  return {
    terms,
    begin(candidates) {
      count = candidates <= KEPT ? candidates : 0
    },
    placeFor(i, row) {
      if (count === 0) return 0
      rows[i] = row
      return i * perCandidate
    },
    placeOf(row) {
      for (let i = 0; i < count; i++) if (rows[i] === row) return i * perCandidate
      return -1
    },
  }
}
