import { addRow, type Columns, clearRow, refreshLoad } from '../columns/columns.ts'
import { SchedulerError } from '../errors.ts'
import { limitDomain } from '../limits/limit-domain.ts'
import type { Account } from '../model/account.ts'

/** Which row an account has, kept in step with the account source. */
export interface Roster {
  /** The row of an account, -1 for an unknown id. A removed account keeps its row while leases or records need it. */
  rowOf(id: string): number
  /** Rows that hold an account now. */
  readonly size: number
  /** Rows of the accounts that share the limits of a domain. */
  limitedBy(domain: string): readonly number[]
  /** Makes the columns say what the list says; answers the rows whose account is new, changed or gone. */
  replace(accounts: readonly Account[]): number[]
  /** A row for an id that is no account (the reference keeps statistics of those). -1 when there are too many. */
  remember(id: string): number
}

/** Ids without an account that are remembered at most. */
const MAX_STRANGERS = 1024

/** The decisions that are remembered, of which each may mean the account that a row had then. */
export interface Remembered {
  readonly oldestId: number
  readonly nextId: number
}

/** Creates the roster. The row of a removed account is free once no lease and no decision means that account. */
export function createRoster(columns: Columns, decisions: Remembered): Roster {
  const rows = new Map<string, number>()
  /** Row -> the first decision that cannot mean the account removed from it. */
  const freeFrom: number[] = []
  const gone: number[] = []
  /** Built when first asked for after accounts changed. */
  let byLimitDomain: Map<string, number[]> | undefined
  let size = 0
  let strangers = 0

  function isFree(row: number): boolean {
    return (
      columns.inUse[row] === 0 && columns.claimed[row] === 0 && decisions.oldestId >= (freeFrom[row] ?? 0)
    )
  }

  function rowFor(id: string): number {
    const known = rows.get(id)
    if (known !== undefined) return known
    const at = gone.findIndex(isFree)
    const row = at < 0 ? addRow(columns) : gone.splice(at, 1)[0]!
    if (at >= 0) {
      rows.delete(columns.ids[row]!)
      clearRow(columns, row)
    }
    columns.ids[row] = id
    rows.set(id, row)
    return row
  }

  return {
    get size() {
      return size
    },
    rowOf: id => rows.get(id) ?? -1,
    limitedBy(domain) {
      byLimitDomain ??= groupByLimitDomain(columns)
      return byLimitDomain.get(domain) ?? NONE
    },
    remember(id) {
      const known = rows.get(id)
      if (known !== undefined) return known
      return strangers++ < MAX_STRANGERS ? rowFor(id) : -1
    },
    replace(accounts) {
      checkUnique(accounts)
      byLimitDomain = undefined
      const listed = new Set(accounts.map(account => account.id))
      const changed: number[] = []
      for (let row = 0; row < columns.size; row++) {
        const account = columns.accounts[row]
        if (account === undefined || listed.has(account.id)) continue
        columns.accounts[row] = undefined
        freeFrom[row] = decisions.nextId
        changed.push(row)
      }
      const leaving = [...changed]
      for (const account of accounts) {
        const row = rowFor(account.id)
        const before = gone.indexOf(row)
        if (before >= 0) gone.splice(before, 1)
        if (columns.accounts[row] !== account) changed.push(row)
        columns.accounts[row] = account
        columns.order[row] = account.order
        columns.priority[row] = account.priority ?? 0
        columns.limit[row] = limitOf(account)
        refreshLoad(columns, row)
      }
      // Only now: who takes another's place in the same list must not take over its row with all that is known of it.
      gone.push(...leaving)
      size = accounts.length
      return changed
    },
  }
}

/** 0 for no limit. */
function limitOf({ concurrency = 0 }: Account): number {
  return concurrency === Number.POSITIVE_INFINITY ? 0 : Math.max(0, concurrency)
}

const NONE: readonly number[] = []

function groupByLimitDomain({ accounts, size }: Columns): Map<string, number[]> {
  const rows = new Map<string, number[]>()
  for (let row = 0; row < size; row++) {
    const account = accounts[row]
    if (account === undefined) continue
    const domain = limitDomain(account)
    const among = rows.get(domain)
    if (among === undefined) rows.set(domain, [row])
    else among.push(row)
  }
  return rows
}

/** What is not a number has no place in a total order. */
function checkNumber(id: string, field: string, value: number): void {
  if (!Number.isFinite(value)) {
    throw new SchedulerError(
      'invalid_request',
      `The account ${id} has the ${field} ${value}; it must be a finite number.`,
    )
  }
}

/** Slots are counted in 32 bits. Below 0 is without a limit, as 0 is. */
function checkConcurrency(id: string, concurrency: number): void {
  if (concurrency === Number.POSITIVE_INFINITY) return
  if (!Number.isInteger(concurrency) || concurrency > MAX_CONCURRENCY) {
    throw new SchedulerError(
      'invalid_request',
      `The account ${id} has the concurrency ${concurrency}; it must be a whole number of at most ${MAX_CONCURRENCY}, or 0 for no limit.`,
    )
  }
}

const MAX_CONCURRENCY = 0x7fffffff

function checkUnique(accounts: readonly Account[]): void {
  const ids = new Set<string>()
  const orders = new Set<number>()
  for (const { id, order, priority = 0, concurrency = 0 } of accounts) {
    checkNumber(id, 'order', order)
    checkNumber(id, 'priority', priority)
    checkConcurrency(id, concurrency)
    if (id === '') throw new SchedulerError('invalid_request', 'An account has an empty id.')
    if (ids.has(id))
      throw new SchedulerError('invalid_request', `Two accounts have the id ${id}; ids are unique.`)
    if (orders.has(order)) {
      throw new SchedulerError(
        'invalid_request',
        `Two accounts have the order ${order}; orders are unique, or ties are not.`,
      )
    }
    ids.add(id)
    orders.add(order)
  }
}
