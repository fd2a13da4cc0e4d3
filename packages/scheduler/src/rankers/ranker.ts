import type { Columns } from '../columns/columns.ts'
import type { Learning } from '../learning/learning.ts'
import type { DecisionRow } from '../model/decision.ts'
import type { ScheduleRequest } from '../model/request.ts'
import type { KeptTerms } from './kept-terms.ts'

/** What one ranking is given and keeps: reused, never read across selections. */
export interface Scratch {
  /** Figures over the whole candidate set (smallest, largest, ...), laid out by the ranker. */
  readonly bounds: Float64Array
  /** Tokens of this request's prompt, as far as they are known. */
  inputTokens: number
  /** Those that a row holds already; 0 but for the few that are warm. As long as the columns. */
  cachedTokens: Float64Array
  /** Whether any row does. */
  isWarm: boolean
  nowMs: number
  /** What was learned of the accounts; undefined where the profile learns nothing. */
  readonly learning: Learning | undefined
  /** The least share of a reported rate limit that a row has left for this request's model; 1 where nothing is known. */
  limitShare: (row: number) => number
  /** Made by a ranker that needs it: its terms, until they are recorded. */
  kept: KeptTerms | undefined
}

/** A candidate's facts as they were recorded. */
export type RecordedFacts = Omit<DecisionRow, 'terms'>

/** How many figures over the candidate set a ranker may keep. */
export const BOUNDS = 8

/** Room for those figures. */
export function createScratch(learning?: Learning): Scratch {
  return {
    bounds: new Float64Array(BOUNDS),
    inputTokens: 0,
    cachedTokens: new Float64Array(16),
    isWarm: false,
    nowMs: 0,
    learning,
    limitShare: () => 1,
    kept: undefined,
  }
}

/**
 * Gives every candidate a score; the higher is preferred. The engine alone breaks ties.
 *
 * A ranker owns no weight it was not given and no state beyond its scratch: the same columns give the same
 * scores. Users may write their own; `rank` must work for any subset, down to one account.
 */
export interface Ranker {
  readonly name: string
  /** `ms`: scores are minus a cost in milliseconds. Absent: a preference without a unit. */
  readonly unit?: 'ms'
  /** Names of the terms, in the order in which their left-to-right sum is the score. */
  readonly termNames: readonly string[]
  /** Writes the score of `indices[i]` into `out[i]` for i below n. */
  rank(
    request: ScheduleRequest,
    indices: Int32Array,
    n: number,
    columns: Columns,
    scratch: Scratch,
    out: Float64Array,
  ): void
  /**
   * The terms of one candidate from its record: its facts, the bounds of the ranking, and whatever `record` wrote.
   * Called when a decision is read, so that recording one costs no arithmetic. Their left-to-right sum is the
   * score, bit for bit.
   */
  terms(row: RecordedFacts, bounds: Float64Array, own: Float64Array): number[]
  /** How many numbers of its own a candidate's record needs beyond the facts. Default 0. */
  readonly recorded?: number
  /** Writes those of `rows[i]`, for i below n, into `out` at `offset + i * stride`. */
  record?(
    request: ScheduleRequest,
    rows: Int32Array,
    n: number,
    columns: Columns,
    scratch: Scratch,
    out: Float64Array,
    place: { readonly offset: number; readonly stride: number },
  ): void
  /** Keeps what it can of the scores of a fixed membership from selection to selection; for moderate sets. */
  createCache?(members: Int32Array): RankCache
  /** An index over a fixed membership that yields the same order without reading all of it; for large sets. */
  createIndex?(members: Int32Array): RankIndex
}

/**
 * A ranker whose score is minus an expected cost: it can say what one account would cost, apart from the others. It costs
 * every request by itself, so it has neither cache nor index.
 */
export interface CostRanker extends Ranker {
  readonly unit: 'ms'
  createCache?: never
  createIndex?: never
  /** The cost of one row for a request, with the figures over the candidates that were compared once. */
  costMs(
    request: ScheduleRequest,
    row: number,
    columns: Columns,
    scratch: Scratch,
    bounds: Float64Array,
  ): number
  /** A copy of those figures in which no account is fuller than the others: who waits takes the last slot wherever it is. */
  levelled(bounds: Float64Array): Float64Array
}

/** Scores the usable members of one eligible set, doing again only what changed. */
export interface RankCache {
  /** Catches up with the columns, and leaves the set's figures in the scratch for the record. */
  rank(columns: Columns, scratch: Scratch): void
  /** The usable members in member order, and the score of each as {@link Ranker.rank} would have it. */
  readonly rows: Int32Array
  readonly scores: Float64Array
  /** Sum and sum of squares of their load rates (exact integers). */
  readonly loadSum: number
  readonly loadSquares: number
}

/** Yields the usable members of one eligible set in the engine's total order, reading few of them. */
export interface RankIndex {
  /** Catches up with the columns' changes. Call before anything else of a selection. */
  sync(columns: Columns): void
  /** Usable members. */
  readonly count: number
  /** Sum and sum of squares of the usable members' load rates (exact integers). */
  readonly loadSum: number
  readonly loadSquares: number
  /** True when some usable member has a free slot. */
  readonly anyFree: boolean
  /** Starts over at the best and leaves the set's figures in the scratch for `terms`. */
  begin(scratch: Scratch): void
  /** The next account in rank order, -1 at the end. `free`: leaves out those without room from here on. */
  next(which: 'any' | 'free'): number
  /** The score of the account that `next` answered last. */
  readonly score: number
}
