import { type Columns, logReaches, OPEN } from '../columns/columns.ts'
import { errorRateFactor } from './factors/error-rate.ts'
import { loadFactor } from './factors/load.ts'
import { priorityFactor } from './factors/priority.ts'
import { queueFactor } from './factors/queue.ts'
import { ttftFactor } from './factors/ttft.ts'
import type { RankCache, Scratch } from './ranker.ts'
import { MAX_PRIORITY, MAX_TTFT, MIN_PRIORITY, MIN_TTFT, QUEUE_DIVISOR, type Weights } from './weights.ts'

/**
 * The weighted sum over one eligible set of moderate size. A request changes one account, so all other scores of
 * the last selection still hold, unless it moved what they are relative to: the fastest or slowest first token or
 * the longest queue. The results are the same bits as a full ranking's.
 */
export function createWeightedSumCache(weights: Weights, members: Int32Array): RankCache {
  return new WeightedSumCache(weights, members)
}

class WeightedSumCache implements RankCache {
  rows = new Int32Array(0)
  scores = new Float64Array(0)
  loadSum = 0
  loadSquares = 0

  readonly #weights: Weights
  readonly #members: Int32Array
  /** What each open member adds to the load sums. */
  readonly #load: Float64Array
  readonly #waiting: Float64Array
  readonly #ttft: Float64Array
  /** Row -> place among the open members from 1 on; 0 for a closed member, -1 for no member. */
  #placeOf = new Int16Array(0)
  #seen = -1
  #minPriority = 0
  #maxPriority = 0
  #divisor = 1
  #minTtft = 0
  #maxTtft = 0

  constructor(weights: Weights, members: Int32Array) {
    const n = members.length
    this.#weights = weights
    this.#members = members
    this.#load = new Float64Array(n)
    this.#waiting = new Float64Array(n)
    this.#ttft = new Float64Array(n)
  }

  rank(columns: Columns, scratch: Scratch): void {
    if (this.#seen !== columns.changes) this.#catchUp(columns)
    const { bounds } = scratch
    bounds[MIN_PRIORITY] = this.#minPriority
    bounds[MAX_PRIORITY] = this.#maxPriority
    bounds[QUEUE_DIVISOR] = this.#divisor
    bounds[MIN_TTFT] = this.#minTtft
    bounds[MAX_TTFT] = this.#maxTtft
  }

  #catchUp(columns: Columns): void {
    const from = this.#seen
    this.#seen = columns.changes
    if (from < 0 || !logReaches(columns, from) || !this.#readChanges(columns, from)) this.#readAll(columns)
    if (this.#boundsMoved()) {
      for (let place = 0; place < this.rows.length; place++) this.#score(place, columns)
      return
    }
    const { log } = columns
    let last = -1
    for (let change = from; change < columns.changes; change++) {
      const row = log[change & (log.length - 1)]!
      if (row === last) continue
      last = row
      const place = this.#placeOf[row] ?? -1
      if (place > 0) this.#score(place - 1, columns)
    }
  }

  /** False when somebody came or went: that may move the priorities every score is relative to. */
  #readChanges(columns: Columns, from: number): boolean {
    const { log } = columns
    let last = -1
    for (let change = from; change < columns.changes; change++) {
      const row = log[change & (log.length - 1)]!
      // A cycle changes one account several times over; it is read as it stands now, so once is enough.
      if (row === last) continue
      last = row
      const place = this.#placeOf[row] ?? -1
      if (place < 0) continue
      if (place > 0 !== ((columns.usable[row]! & OPEN) !== 0)) return false
      if (place > 0) this.#read(place - 1, row, columns)
    }
    return true
  }

  #readAll(columns: Columns): void {
    this.#placeOf = new Int16Array(columns.order.length).fill(-1)
    for (const row of this.#members) this.#placeOf[row] = 0
    this.rows = this.#members.filter(row => (columns.usable[row]! & OPEN) !== 0)
    this.scores = new Float64Array(this.rows.length)
    this.loadSum = 0
    this.loadSquares = 0
    this.#load.fill(0)
    this.#minPriority = Number.POSITIVE_INFINITY
    this.#maxPriority = Number.NEGATIVE_INFINITY
    for (let place = 0; place < this.rows.length; place++) {
      const row = this.rows[place]!
      this.#placeOf[row] = place + 1
      this.#minPriority = Math.min(this.#minPriority, columns.priority[row]!)
      this.#maxPriority = Math.max(this.#maxPriority, columns.priority[row]!)
      this.#read(place, row, columns)
    }
    // Not a bound any set has: every score is taken anew.
    this.#divisor = 0
  }

  #read(place: number, row: number, columns: Columns): void {
    const load = columns.loadRate[row]!
    const before = this.#load[place]!
    this.loadSum += load - before
    this.loadSquares += load * load - before * before
    this.#load[place] = load
    this.#waiting[place] = columns.waiting[row]!
    this.#ttft[place] = columns.ttftMs[row]!
  }

  #boundsMoved(): boolean {
    let divisor = 1
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    for (let place = 0; place < this.rows.length; place++) {
      const ttft = this.#ttft[place]!
      if (ttft < min) min = ttft
      if (ttft > max) max = ttft
      if (this.#waiting[place]! > divisor) divisor = this.#waiting[place]!
    }
    const moved = divisor !== this.#divisor || min !== this.#minTtft || max !== this.#maxTtft
    this.#divisor = divisor
    this.#minTtft = min
    this.#maxTtft = max
    return moved
  }

  #score(place: number, columns: Columns): void {
    const w = this.#weights
    const row = this.rows[place]!
    this.scores[place] =
      w.priority * priorityFactor(columns.priority[row]!, this.#minPriority, this.#maxPriority) +
      w.load * loadFactor(columns.loadRate[row]!) +
      w.queue * queueFactor(columns.waiting[row]!, this.#divisor) +
      w.errorRate * errorRateFactor(columns.errorRate[row]!) +
      w.ttft * ttftFactor(columns.ttftMs[row]!, this.#minTtft, this.#maxTtft)
  }
}
