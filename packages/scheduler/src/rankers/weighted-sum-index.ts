/**
 * A tree over one eligible set that yields accounts in rank order without reading all of them: branch and bound.
 *
 * Every node holds the best of each fact below it. The score formula, applied to those bests in the same order of
 * operations, bounds every score below, because rounding to nearest is monotone; so the tree gives bit for bit what
 * a full scan gives. A change costs one path to the root; a choice opens a few dozen nodes. Above its threshold the
 * cost of a selection hardly depends on the number of accounts (benchmarks/select has the figures).
 *
 * Longer than other files because the node layout, its upkeep and its search are one idea.
 */
import { type Columns, hasRoom, logReaches, OPEN } from '../engine/columns.ts'
import { errorRateFactor } from './factors/error-rate.ts'
import { loadFactor } from './factors/load.ts'
import { priorityFactor } from './factors/priority.ts'
import { queueFactor } from './factors/queue.ts'
import { NEUTRAL_TTFT_FACTOR, ttftFactor } from './factors/ttft.ts'
import type { RankIndex, Scratch } from './ranker.ts'
import { MAX_PRIORITY, MAX_TTFT, MIN_PRIORITY, MIN_TTFT, QUEUE_DIVISOR, type Weights } from './weights.ts'

// One node: eleven facts side by side, so that a path to the root touches few cache lines.
const STRIDE = 12
/** Largest sum of the priority and load terms; -Infinity where no member is usable. */
const BASE = 0
const LEAST_WAITING = 1
const MOST_WAITING = 2
const LEAST_ERROR = 3
const LEAST_TTFT = 4
const MOST_TTFT = 5
/** 1 when some member has no TTFT sample. */
const UNSAMPLED = 6
/** 1 when some member has a free slot. */
const FREE = 7
const LEAST_PRIORITY = 8
const MOST_PRIORITY = 9
const LEAST_LOAD = 10

/** Builds the index; `members` are rows in ascending order of the last tie-break. */
export function createWeightedSumIndex(weights: Weights, members: Int32Array): RankIndex {
  return new WeightedSumIndex(weights, members)
}

class WeightedSumIndex implements RankIndex {
  count = 0
  loadSum = 0
  loadSquares = 0
  score = 0

  readonly #weights: Weights
  readonly #members: Int32Array
  readonly #leaves: number
  readonly #nodes: Float64Array
  /** Row -> leaf node, 0 where the row is no member. */
  #leafOf = new Int32Array(0)
  /** What each leaf adds to the load sums now; -1 while it is not usable. */
  readonly #counted: Float64Array
  #seen = -1
  #minPriority = 0
  #maxPriority = 0
  #queueDivisor = 1
  #minTtft = Number.POSITIVE_INFINITY
  #maxTtft = Number.NEGATIVE_INFINITY
  // The frontier of the search: a binary heap of nodes with their bounds.
  readonly #heap: Int32Array
  readonly #bounds: Float64Array
  #heapSize = 0

  constructor(weights: Weights, members: Int32Array) {
    this.#weights = weights
    this.#members = members
    let leaves = 1
    while (leaves < members.length) leaves *= 2
    this.#leaves = leaves
    this.#nodes = new Float64Array(2 * leaves * STRIDE)
    this.#counted = new Float64Array(members.length).fill(-1)
    this.#heap = new Int32Array(2 * leaves + 2)
    this.#bounds = new Float64Array(2 * leaves + 2)
    for (let node = leaves; node < 2 * leaves; node++) this.#clear(node)
  }

  get anyFree(): boolean {
    return this.#nodes[STRIDE + FREE] === 1
  }

  sync(columns: Columns): void {
    if (this.#seen === columns.changes) return
    if (this.#seen < 0 || !logReaches(columns, this.#seen)) {
      this.#rebuild(columns)
      return
    }
    const { log } = columns
    const mask = log.length - 1
    let last = -1
    for (let change = this.#seen; change < columns.changes; change++) {
      const row = log[change & mask]!
      // A cycle changes one account several times over; a leaf is filled from its state now, so once is enough.
      if (row === last) continue
      last = row
      const leaf = row < this.#leafOf.length ? this.#leafOf[row]! : 0
      if (leaf === 0) continue
      this.#fill(leaf, row, columns)
      this.#lift(leaf >> 1)
    }
    this.#seen = columns.changes
    const n = this.#nodes
    if (
      this.count > 0 &&
      (n[STRIDE + LEAST_PRIORITY] !== this.#minPriority || n[STRIDE + MOST_PRIORITY] !== this.#maxPriority)
    ) {
      this.#rebuild(columns)
    }
  }

  begin(scratch: Scratch): void {
    const n = this.#nodes
    const most = n[STRIDE + MOST_WAITING]!
    this.#queueDivisor = Math.max(most, 1)
    this.#minTtft = n[STRIDE + LEAST_TTFT]!
    this.#maxTtft = n[STRIDE + MOST_TTFT]!
    const { bounds } = scratch
    bounds[MIN_PRIORITY] = this.#minPriority
    bounds[MAX_PRIORITY] = this.#maxPriority
    bounds[QUEUE_DIVISOR] = this.#queueDivisor
    bounds[MIN_TTFT] = this.#minTtft
    bounds[MAX_TTFT] = this.#maxTtft
    this.#heapSize = 0
    if (this.count > 0) this.#push(1)
  }

  next(which: 'any' | 'free'): number {
    const leaves = this.#leaves
    while (this.#heapSize > 0) {
      const node = this.#heap[0]!
      const bound = this.#bounds[0]!
      if (which === 'free' && this.#nodes[node * STRIDE + FREE] !== 1) {
        this.#pop()
        continue
      }
      if (node >= leaves) {
        this.#pop()
        this.score = bound
        return this.#members[node - leaves]!
      }
      this.#open(node)
    }
    return -1
  }

  /** Replaces the root of the heap by a node's children: one sift less than pop and two pushes. */
  #open(node: number): void {
    const left = 2 * node
    const hasLeft = this.#nodes[left * STRIDE + BASE]! !== Number.NEGATIVE_INFINITY
    const hasRight = this.#nodes[(left + 1) * STRIDE + BASE]! !== Number.NEGATIVE_INFINITY
    if (hasLeft) {
      this.#heap[0] = left
      this.#bounds[0] = this.#boundOf(left)
      this.#down(0)
      if (hasRight) this.#push(left + 1)
    } else {
      this.#heap[0] = left + 1
      this.#bounds[0] = this.#boundOf(left + 1)
      this.#down(0)
    }
  }

  /** The score formula over a node's bests: never below a score beneath it, equal at a leaf. */
  #boundOf(node: number): number {
    const n = this.#nodes
    const w = this.#weights
    const at = node * STRIDE
    const min = this.#minTtft
    const max = this.#maxTtft
    const fastest = n[at + LEAST_TTFT]!
    // Infinity here means that no member has a sample, which ttftFactor knows as NaN.
    let ttft = ttftFactor(fastest === Number.POSITIVE_INFINITY ? Number.NaN : fastest, min, max)
    if (ttft < NEUTRAL_TTFT_FACTOR && n[at + UNSAMPLED] === 1) ttft = NEUTRAL_TTFT_FACTOR
    return (
      n[at + BASE]! +
      w.queue * queueFactor(n[at + LEAST_WAITING]!, this.#queueDivisor) +
      w.errorRate * errorRateFactor(n[at + LEAST_ERROR]!) +
      w.ttft * ttft
    )
  }

  #rebuild(columns: Columns): void {
    const members = this.#members
    if (this.#leafOf.length < columns.size) {
      this.#leafOf = new Int32Array(columns.order.length)
      for (let i = 0; i < members.length; i++) this.#leafOf[members[i]!] = this.#leaves + i
    }
    this.#measurePriorities(columns)
    for (let i = 0; i < members.length; i++) this.#fill(this.#leaves + i, members[i]!, columns)
    for (let node = this.#leaves - 1; node >= 1; node--) this.#merge(node)
    this.#seen = columns.changes
  }

  #measurePriorities(columns: Columns): void {
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    for (const row of this.#members) {
      if ((columns.usable[row]! & OPEN) === 0) continue
      const p = columns.priority[row]!
      if (p < min) min = p
      if (p > max) max = p
    }
    this.#minPriority = min
    this.#maxPriority = max
  }

  #fill(leaf: number, row: number, columns: Columns): void {
    const place = leaf - this.#leaves
    const before = this.#counted[place]!
    if (before >= 0) {
      this.count--
      this.loadSum -= before
      this.loadSquares -= before * before
      this.#counted[place] = -1
    }
    if ((columns.usable[row]! & OPEN) === 0) {
      this.#clear(leaf)
      return
    }
    const load = columns.loadRate[row]!
    this.count++
    this.loadSum += load
    this.loadSquares += load * load
    this.#counted[place] = load

    const n = this.#nodes
    const w = this.#weights
    const at = leaf * STRIDE
    const priority = columns.priority[row]!
    const waiting = columns.waiting[row]!
    const ttft = columns.ttftMs[row]!
    const sampled = !Number.isNaN(ttft)
    n[at + BASE] =
      w.priority * priorityFactor(priority, this.#minPriority, this.#maxPriority) + w.load * loadFactor(load)
    n[at + LEAST_WAITING] = waiting
    n[at + MOST_WAITING] = waiting
    n[at + LEAST_ERROR] = columns.errorRate[row]!
    n[at + LEAST_TTFT] = sampled ? ttft : Number.POSITIVE_INFINITY
    n[at + MOST_TTFT] = sampled ? ttft : Number.NEGATIVE_INFINITY
    n[at + UNSAMPLED] = sampled ? 0 : 1
    n[at + FREE] = hasRoom(columns, row) ? 1 : 0
    n[at + LEAST_PRIORITY] = priority
    n[at + MOST_PRIORITY] = priority
    n[at + LEAST_LOAD] = load
  }

  #clear(leaf: number): void {
    const n = this.#nodes
    const at = leaf * STRIDE
    n[at + BASE] = Number.NEGATIVE_INFINITY
    n[at + LEAST_WAITING] = Number.POSITIVE_INFINITY
    n[at + MOST_WAITING] = 0
    n[at + LEAST_ERROR] = Number.POSITIVE_INFINITY
    n[at + LEAST_TTFT] = Number.POSITIVE_INFINITY
    n[at + MOST_TTFT] = Number.NEGATIVE_INFINITY
    n[at + UNSAMPLED] = 0
    n[at + FREE] = 0
    n[at + LEAST_PRIORITY] = Number.POSITIVE_INFINITY
    n[at + MOST_PRIORITY] = Number.NEGATIVE_INFINITY
    n[at + LEAST_LOAD] = Number.POSITIVE_INFINITY
  }

  #lift(node: number): void {
    for (let up = node; up >= 1; up >>= 1) this.#merge(up)
  }

  #merge(node: number): void {
    const n = this.#nodes
    const at = node * STRIDE
    const a = 2 * node * STRIDE
    const b = a + STRIDE
    n[at + BASE] = Math.max(n[a + BASE]!, n[b + BASE]!)
    n[at + LEAST_WAITING] = Math.min(n[a + LEAST_WAITING]!, n[b + LEAST_WAITING]!)
    n[at + MOST_WAITING] = Math.max(n[a + MOST_WAITING]!, n[b + MOST_WAITING]!)
    n[at + LEAST_ERROR] = Math.min(n[a + LEAST_ERROR]!, n[b + LEAST_ERROR]!)
    n[at + LEAST_TTFT] = Math.min(n[a + LEAST_TTFT]!, n[b + LEAST_TTFT]!)
    n[at + MOST_TTFT] = Math.max(n[a + MOST_TTFT]!, n[b + MOST_TTFT]!)
    n[at + UNSAMPLED] = Math.max(n[a + UNSAMPLED]!, n[b + UNSAMPLED]!)
    n[at + FREE] = Math.max(n[a + FREE]!, n[b + FREE]!)
    n[at + LEAST_PRIORITY] = Math.min(n[a + LEAST_PRIORITY]!, n[b + LEAST_PRIORITY]!)
    n[at + MOST_PRIORITY] = Math.max(n[a + MOST_PRIORITY]!, n[b + MOST_PRIORITY]!)
    n[at + LEAST_LOAD] = Math.min(n[a + LEAST_LOAD]!, n[b + LEAST_LOAD]!)
  }

  /** The engine's total order, on nodes: a node stands before every leaf below it. */
  #before(a: number, boundA: number, b: number, boundB: number): boolean {
    if (boundA !== boundB) return boundA > boundB
    const n = this.#nodes
    const x = a * STRIDE
    const y = b * STRIDE
    if (n[x + LEAST_PRIORITY] !== n[y + LEAST_PRIORITY])
      return n[x + LEAST_PRIORITY]! < n[y + LEAST_PRIORITY]!
    if (n[x + LEAST_LOAD] !== n[y + LEAST_LOAD]) return n[x + LEAST_LOAD]! < n[y + LEAST_LOAD]!
    if (n[x + LEAST_WAITING] !== n[y + LEAST_WAITING]) return n[x + LEAST_WAITING]! < n[y + LEAST_WAITING]!
    return this.#firstLeaf(a) < this.#firstLeaf(b)
  }

  #firstLeaf(node: number): number {
    while (node < this.#leaves) node *= 2
    return node
  }

  #push(node: number): void {
    const bound = this.#boundOf(node)
    let at = this.#heapSize++
    while (at > 0) {
      const up = (at - 1) >> 1
      if (!this.#before(node, bound, this.#heap[up]!, this.#bounds[up]!)) break
      this.#heap[at] = this.#heap[up]!
      this.#bounds[at] = this.#bounds[up]!
      at = up
    }
    this.#heap[at] = node
    this.#bounds[at] = bound
  }

  #pop(): void {
    const last = --this.#heapSize
    if (last === 0) return
    this.#heap[0] = this.#heap[last]!
    this.#bounds[0] = this.#bounds[last]!
    this.#down(0)
  }

  #down(at: number): void {
    const size = this.#heapSize
    const node = this.#heap[at]!
    const bound = this.#bounds[at]!
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (
        child + 1 < size &&
        this.#before(
          this.#heap[child + 1]!,
          this.#bounds[child + 1]!,
          this.#heap[child]!,
          this.#bounds[child]!,
        )
      ) {
        child++
      }
      if (!this.#before(this.#heap[child]!, this.#bounds[child]!, node, bound)) break
      this.#heap[at] = this.#heap[child]!
      this.#bounds[at] = this.#bounds[child]!
      at = child
    }
    this.#heap[at] = node
    this.#bounds[at] = bound
  }
}
