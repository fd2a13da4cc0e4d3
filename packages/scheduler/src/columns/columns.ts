import type { Account } from '../model/account.ts'

/** May be reached by a request already bound to it (owner, session). */
export const REACHABLE = 1
/** May be given new work. */
export const OPEN = 2

const INITIAL_CAPACITY = 16
const LOG_SIZE = 1024

/**
 * What the core knows of every account, one typed array a fact, so that a choice among thousands reads memory
 * in a line and allocates nothing. A row is an account; its number is its index everywhere in the engine.
 *
 * Arrays are replaced when they grow: read them from here, do not keep them.
 */
export interface Columns {
  /** Rows in use are below this; a row without an account has `usable` 0. */
  size: number
  ids: string[]
  accounts: (Account | undefined)[]
  order: Float64Array
  priority: Float64Array
  /** 0 = unlimited. */
  limit: Int32Array
  inUse: Int32Array
  /** Slots being asked for from a store that answers later. */
  claimed: Int32Array
  waitingHere: Int32Array
  waitingElsewhere: Int32Array
  /** What rankers see: both kinds of waiting, or 0 while loads cannot be read and the profile says so. */
  waiting: Int32Array
  /** floor((inUse + waiting) * 100 / limit); 0 when unlimited. May exceed 100. */
  loadRate: Float64Array
  errorRate: Float64Array
  /** NaN without a sample. */
  ttftMs: Float64Array
  /** Multiplies the draw weight: below 1 during slow start. */
  share: Float64Array
  /** Bits {@link REACHABLE} and {@link OPEN}. */
  usable: Uint8Array
  /** Sequence number of the last use, 0 = never. */
  lastUsed: Float64Array
  /** False while rankers are to see every load as zero. */
  loadsVisible: boolean
  /** Rows changed, newest at `changes - 1`, in a ring: indexes catch up from where they stopped. */
  readonly log: Int32Array
  changes: number
}

/** Creates empty columns. */
export function createColumns(): Columns {
  const n = INITIAL_CAPACITY
  return {
    size: 0,
    ids: [],
    accounts: [],
    order: new Float64Array(n),
    priority: new Float64Array(n),
    limit: new Int32Array(n),
    inUse: new Int32Array(n),
    claimed: new Int32Array(n),
    waitingHere: new Int32Array(n),
    waitingElsewhere: new Int32Array(n),
    waiting: new Int32Array(n),
    loadRate: new Float64Array(n),
    errorRate: new Float64Array(n),
    ttftMs: new Float64Array(n).fill(Number.NaN),
    share: new Float64Array(n).fill(1),
    usable: new Uint8Array(n),
    lastUsed: new Float64Array(n),
    loadsVisible: true,
    log: new Int32Array(LOG_SIZE),
    changes: 0,
  }
}

/** Adds a row with nothing known of it; doubles the arrays when they are full. */
export function addRow(columns: Columns): number {
  const index = columns.size
  if (index === columns.order.length) grow(columns)
  columns.size = index + 1
  columns.ids[index] = ''
  columns.accounts[index] = undefined
  return index
}

/** Forgets everything about a row, so that its index can serve another account. */
export function clearRow(columns: Columns, index: number): void {
  columns.accounts[index] = undefined
  columns.limit[index] = 0
  columns.inUse[index] = 0
  columns.claimed[index] = 0
  columns.waitingHere[index] = 0
  columns.waitingElsewhere[index] = 0
  columns.errorRate[index] = 0
  columns.ttftMs[index] = Number.NaN
  columns.share[index] = 1
  columns.usable[index] = 0
  columns.lastUsed[index] = 0
  refreshLoad(columns, index)
}

/** Says that a row changed. */
export function touch(columns: Columns, index: number): void {
  columns.log[columns.changes++ & (LOG_SIZE - 1)] = index
}

/** True when the log still holds every change since `seen`. */
export function logReaches(columns: Columns, seen: number): boolean {
  return columns.changes - seen <= LOG_SIZE
}

/** Recomputes what follows from in-use and waiting, after either changed. */
export function refreshLoad(columns: Columns, index: number): void {
  const visible = columns.loadsVisible
  const waiting = visible ? columns.waitingHere[index]! + columns.waitingElsewhere[index]! : 0
  const limit = columns.limit[index]!
  columns.waiting[index] = waiting
  columns.loadRate[index] =
    limit <= 0 || !visible ? 0 : Math.floor(((columns.inUse[index]! + waiting) * 100) / limit)
  touch(columns, index)
}

/** True when the row shows room for one more, counting slots being asked for. */
export function hasRoom(columns: Columns, index: number): boolean {
  const limit = columns.limit[index]!
  return limit <= 0 || columns.inUse[index]! + columns.claimed[index]! < limit
}

function grow(columns: Columns): void {
  const n = columns.order.length * 2
  columns.order = copied(columns.order, new Float64Array(n))
  columns.priority = copied(columns.priority, new Float64Array(n))
  columns.limit = copied(columns.limit, new Int32Array(n))
  columns.inUse = copied(columns.inUse, new Int32Array(n))
  columns.claimed = copied(columns.claimed, new Int32Array(n))
  columns.waitingHere = copied(columns.waitingHere, new Int32Array(n))
  columns.waitingElsewhere = copied(columns.waitingElsewhere, new Int32Array(n))
  columns.waiting = copied(columns.waiting, new Int32Array(n))
  columns.loadRate = copied(columns.loadRate, new Float64Array(n))
  columns.errorRate = copied(columns.errorRate, new Float64Array(n))
  columns.ttftMs = copied(columns.ttftMs, new Float64Array(n).fill(Number.NaN))
  columns.share = copied(columns.share, new Float64Array(n).fill(1))
  columns.usable = copied(columns.usable, new Uint8Array(n))
  columns.lastUsed = copied(columns.lastUsed, new Float64Array(n))
}

function copied<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
