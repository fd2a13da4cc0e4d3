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
import { type Columns, hasRoom, logReaches, OPEN } from '../columns/columns.ts'
import { errorRateFactor } from './factors/error-rate.ts'
import { loadFactor } from './factors/load.ts'
import { priorityFactor } from './factors/priority.ts'
import { queueFactor } from './factors/queue.ts'
import { NEUTRAL_TTFT_FACTOR, ttftFactor } from './factors/ttft.ts'
import type { RankIndex, Scratch } from './ranker.ts'
import { MAX_PRIORITY, MAX_TTFT, MIN_PRIORITY, MIN_TTFT, QUEUE_DIVISOR, type Weights } from './weights.ts'

// What the search reads of a node is one cache line; what it needs at ties, at the root, or to look for free slots
// is another. At 10,000 accounts the search waits for memory more than for anything else.
const STRIDE = 8
/** Largest key of members with a TTFT sample, and of those without; see `#keyedBound`. */
const KEY = 0
const KEY_UNSAMPLED = 1
const LEAST_TTFT = 2
const MOST_TTFT = 3
/** Largest sum of the priority and load terms; -Infinity where no member is usable. */
const BASE = 4
const LEAST_WAITING = 5
const LEAST_ERROR = 6
/** 1 when some member has no TTFT sample. */
const UNSAMPLED = 7

const LEAST_PRIORITY = 0
const LEAST_LOAD = 1
const MOST_WAITING = 2
const MOST_PRIORITY = 3
/** 1 when some member has a free slot. */
const FREE = 4

/** Keys are taken anew when the slope they were taken with is off by this share. */
const SLOPE_TOLERANCE = 1 / 32
/** More than rounding can cost a key, far less than a difference that matters. */
const KEY_SLACK = 1e-9

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
  readonly #rare: Float64Array
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
  /** How much score a millisecond of TTFT costs now; 0 while all samples are equal. */
  #slope = 0
  /** What the keys were taken with. */
  #keySlope = 0
  #keyMinTtft = 0
  #keyDivisor = 1
  #keyShift = 0
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
    this.#rare = new Float64Array(2 * leaves * STRIDE)
    this.#counted = new Float64Array(members.length).fill(-1)
    this.#heap = new Int32Array(2 * leaves + 2)
    this.#bounds = new Float64Array(2 * leaves + 2)
    for (let node = leaves; node < 2 * leaves; node++) this.#clear(node)
  }

  get anyFree(): boolean {
    return this.#rare[STRIDE + FREE] === 1
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
    const n = this.#rare
    if (
      this.count > 0 &&
      (n[STRIDE + LEAST_PRIORITY] !== this.#minPriority || n[STRIDE + MOST_PRIORITY] !== this.#maxPriority)
    ) {
      this.#rebuild(columns)
    }
  }

  begin(scratch: Scratch): void {
    const n = this.#nodes
    const most = this.#rare[STRIDE + MOST_WAITING]!
    this.#queueDivisor = Math.max(most, 1)
    this.#minTtft = n[STRIDE + LEAST_TTFT]!
    this.#maxTtft = n[STRIDE + MOST_TTFT]!
    const range = this.#maxTtft - this.#minTtft
    this.#slope = range > 0 ? this.#weights.ttft / range : 0
    const drift = Math.abs(this.#slope - this.#keySlope)
    if (this.#queueDivisor !== this.#keyDivisor || drift > this.#slope * SLOPE_TOLERANCE) this.#rekey()
    this.#keyShift = this.#slope * this.#minTtft - this.#keySlope * this.#keyMinTtft
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
      if (which === 'free' && this.#rare[node * STRIDE + FREE] !== 1) {
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

  /** A score no member of the node exceeds; at a leaf the score itself. */
  #boundOf(node: number): number {
    const at = node * STRIDE
    const least = this.#nodes[at + LEAST_TTFT]!
    const most = this.#nodes[at + MOST_TTFT]!
    // One TTFT, or none, throughout: then the formula itself is exact enough to keep equal accounts in order,
    // which a bound with slack would make the search open one and all.
    if (least === most || least > most) return this.#scoreOf(at)
    return this.#keyedBound(at, least, most)
  }

  /**
   * Tight where the accounts with the best of one fact are not those with the best of another. A key is the score
   * as it would be with the slope and the fastest TTFT of when it was taken; the score of today differs by a
   * straight line in the account's TTFT, so the ends of a node's TTFT range bound it.
   */
  #keyedBound(at: number, least: number, most: number): number {
    const turn = this.#keySlope - this.#slope
    const sampled = this.#nodes[at + KEY]! + turn * (turn > 0 ? most : least) + this.#keyShift
    return Math.max(sampled, this.#nodes[at + KEY_UNSAMPLED]!) + KEY_SLACK
  }

  /** Takes every key anew: one pass over the leaves and one over the nodes, two facts each. */
  #rekey(): void {
    this.#keySlope = this.#slope
    this.#keyMinTtft = this.#slope === 0 ? 0 : this.#minTtft
    this.#keyDivisor = this.#queueDivisor
    const n = this.#nodes
    const end = this.#leaves + this.#members.length
    for (let leaf = this.#leaves; leaf < end; leaf++) this.#key(leaf)
    for (let node = this.#leaves - 1; node >= 1; node--) {
      const at = node * STRIDE
      const a = 2 * at
      const b = a + STRIDE
      n[at + KEY] = Math.max(n[a + KEY]!, n[b + KEY]!)
      n[at + KEY_UNSAMPLED] = Math.max(n[a + KEY_UNSAMPLED]!, n[b + KEY_UNSAMPLED]!)
    }
  }

  #key(leaf: number): void {
    const n = this.#nodes
    const w = this.#weights
    const at = leaf * STRIDE
    n[at + KEY] = Number.NEGATIVE_INFINITY
    n[at + KEY_UNSAMPLED] = Number.NEGATIVE_INFINITY
    if (n[at + BASE] === Number.NEGATIVE_INFINITY) return
    const rest =
      n[at + BASE]! +
      w.queue * queueFactor(n[at + LEAST_WAITING]!, this.#keyDivisor) +
      w.errorRate * errorRateFactor(n[at + LEAST_ERROR]!)
    if (n[at + UNSAMPLED] === 1) n[at + KEY_UNSAMPLED] = rest + w.ttft * NEUTRAL_TTFT_FACTOR
    else n[at + KEY] = rest + w.ttft - this.#keySlope * (n[at + LEAST_TTFT]! - this.#keyMinTtft)
  }

  /** The score formula over a node's bests: never below a score beneath it, equal at a leaf. */
  #scoreOf(at: number): number {
    const n = this.#nodes
    const w = this.#weights
    const fastest = n[at + LEAST_TTFT]!
    // Infinity here means that no member has a sample, which ttftFactor knows as NaN.
    const sample = fastest === Number.POSITIVE_INFINITY ? Number.NaN : fastest
    const factor = ttftFactor(sample, this.#minTtft, this.#maxTtft)
    const ttft = n[at + UNSAMPLED] === 1 ? Math.max(factor, NEUTRAL_TTFT_FACTOR) : factor
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
    n[at + LEAST_ERROR] = columns.errorRate[row]!
    n[at + LEAST_TTFT] = sampled ? ttft : Number.POSITIVE_INFINITY
    n[at + MOST_TTFT] = sampled ? ttft : Number.NEGATIVE_INFINITY
    n[at + UNSAMPLED] = sampled ? 0 : 1
    const rare = this.#rare
    rare[at + LEAST_PRIORITY] = priority
    rare[at + LEAST_LOAD] = load
    rare[at + MOST_WAITING] = waiting
    rare[at + MOST_PRIORITY] = priority
    rare[at + FREE] = hasRoom(columns, row) ? 1 : 0
    this.#key(leaf)
  }

  #clear(leaf: number): void {
    const n = this.#nodes
    const at = leaf * STRIDE
    n[at + KEY] = Number.NEGATIVE_INFINITY
    n[at + KEY_UNSAMPLED] = Number.NEGATIVE_INFINITY
    n[at + LEAST_TTFT] = Number.POSITIVE_INFINITY
    n[at + MOST_TTFT] = Number.NEGATIVE_INFINITY
    n[at + BASE] = Number.NEGATIVE_INFINITY
    n[at + LEAST_WAITING] = Number.POSITIVE_INFINITY
    n[at + LEAST_ERROR] = Number.POSITIVE_INFINITY
    n[at + UNSAMPLED] = 0
    const rare = this.#rare
    rare[at + LEAST_PRIORITY] = Number.POSITIVE_INFINITY
    rare[at + LEAST_LOAD] = Number.POSITIVE_INFINITY
    rare[at + MOST_WAITING] = 0
    rare[at + MOST_PRIORITY] = Number.NEGATIVE_INFINITY
    rare[at + FREE] = 0
  }

  /** Carries a leaf's change upwards, as far as it changes anything. */
  #lift(node: number): void {
    for (let up = node; up >= 1 && this.#merge(up); up >>= 1);
  }

  /** Takes a node's facts from its children; answers whether any of them changed. */
  #merge(node: number): boolean {
    const at = node * STRIDE
    const a = 2 * at
    const b = a + STRIDE
    const n = this.#nodes
    const r = this.#rare
    let changed = most(n, at + KEY, a + KEY, b + KEY)
    changed = most(n, at + KEY_UNSAMPLED, a + KEY_UNSAMPLED, b + KEY_UNSAMPLED) || changed
    changed = least(n, at + LEAST_TTFT, a + LEAST_TTFT, b + LEAST_TTFT) || changed
    changed = most(n, at + MOST_TTFT, a + MOST_TTFT, b + MOST_TTFT) || changed
    changed = most(n, at + BASE, a + BASE, b + BASE) || changed
    changed = least(n, at + LEAST_WAITING, a + LEAST_WAITING, b + LEAST_WAITING) || changed
    changed = least(n, at + LEAST_ERROR, a + LEAST_ERROR, b + LEAST_ERROR) || changed
    changed = most(n, at + UNSAMPLED, a + UNSAMPLED, b + UNSAMPLED) || changed
    changed = least(r, at + LEAST_PRIORITY, a + LEAST_PRIORITY, b + LEAST_PRIORITY) || changed
    changed = least(r, at + LEAST_LOAD, a + LEAST_LOAD, b + LEAST_LOAD) || changed
    changed = most(r, at + MOST_WAITING, a + MOST_WAITING, b + MOST_WAITING) || changed
    changed = most(r, at + MOST_PRIORITY, a + MOST_PRIORITY, b + MOST_PRIORITY) || changed
    return most(r, at + FREE, a + FREE, b + FREE) || changed
  }

  /** The engine's total order, on nodes: a node stands before every leaf below it. */
  #before(a: number, boundA: number, b: number, boundB: number): boolean {
    if (boundA !== boundB) return boundA > boundB
    const n = this.#rare
    const x = a * STRIDE
    const y = b * STRIDE
    if (n[x + LEAST_PRIORITY] !== n[y + LEAST_PRIORITY])
      return n[x + LEAST_PRIORITY]! < n[y + LEAST_PRIORITY]!
    if (n[x + LEAST_LOAD] !== n[y + LEAST_LOAD]) return n[x + LEAST_LOAD]! < n[y + LEAST_LOAD]!
    const waits = this.#nodes[x + LEAST_WAITING]!
    const waitsB = this.#nodes[y + LEAST_WAITING]!
    if (waits !== waitsB) return waits < waitsB
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

/** Sets a fact to the larger of two; answers whether that changed it. */
function most(facts: Float64Array, to: number, a: number, b: number): boolean {
  const taken = Math.max(facts[a]!, facts[b]!)
  if (facts[to] === taken) return false
  facts[to] = taken
  return true
}

/** Sets a fact to the smaller of two; answers whether that changed it. */
function least(facts: Float64Array, to: number, a: number, b: number): boolean {
  const taken = Math.min(facts[a]!, facts[b]!)
  if (facts[to] === taken) return false
  facts[to] = taken
  return true
}
