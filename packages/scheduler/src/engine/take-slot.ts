import { refreshLoad } from '../columns/columns.ts'
import type { Reservation } from '../limits/entry.ts'
import type { Account } from '../model/account.ts'
import type { ScheduleRequest } from '../model/request.ts'
import type { MaybePromise, Slot, SlotBatch } from '../ports.ts'
import type { Core } from './core.ts'
import type { AttemptOrigin } from './decision-ring.ts'
import { isPromise } from './maybe-promise.ts'

/** Whose slot it will be: the record the attempts are written to, and where the grant is put. */
export interface Taker {
  decisionId: number
  row: number
  slot: Slot | undefined
  /** The account of the slot, as it was when the slot was granted: it may be removed before the lease is made. */
  account: Account | undefined
  error: unknown
  readonly request: ScheduleRequest
  readonly tokens: number
  grant: number
  reservation: Reservation | undefined
  /** How many rows of the batch were answered for; those behind a failing one were not. */
  asked: number
}

/**
 * Asks the store for the first free slot among rows, in their order. True when one was granted: then `taker` has
 * row and slot, and the columns count it. An account whose acquisition fails leaves its error in `taker.error`,
 * and the rows behind it are not asked: `taker.asked` says how far it went.
 */
export function takeFirst(
  core: Core,
  taker: Taker,
  rows: readonly number[],
  from: number,
  count: number,
  by: AttemptOrigin,
): MaybePromise<boolean> {
  const batch = core.batches.pop() ?? createBatch(core)
  for (let i = 0; i < count; i++) {
    const row = rows[from + i]!
    batch.accounts[i] = core.columns.ids[row]!
    batch.limits[i] = core.columns.limit[row]!
    batch.results[i] = 'untried'
  }
  batch.count = count
  batch.position = -1
  return ask(core, taker, batch, rows, from, by)
}

/** {@link takeFirst} for one row: the synchronous path allocates nothing. */
export function takeRow(core: Core, taker: Taker, row: number, by: AttemptOrigin): MaybePromise<boolean> {
  const batch = core.batches.pop() ?? createBatch(core)
  batch.accounts[0] = core.columns.ids[row]!
  batch.limits[0] = core.columns.limit[row]!
  batch.results[0] = 'untried'
  batch.count = 1
  batch.position = -1
  let answer: MaybePromise<Slot | null>
  try {
    answer = core.slots.acquireFirst(batch)
  } catch (error) {
    batch.results[0] = { error }
    answer = null
  }
  if (isPromise(answer)) return later(core, taker, batch, answer, [row], by)
  return settleRow(core, taker, batch, answer, row, by)
}

function ask(
  core: Core,
  taker: Taker,
  batch: SlotBatch,
  rows: readonly number[],
  from: number,
  by: AttemptOrigin,
): MaybePromise<boolean> {
  let answer: MaybePromise<Slot | null>
  try {
    answer = core.slots.acquireFirst(batch)
  } catch (error) {
    batch.results.fill({ error }, 0, batch.count)
    answer = null
  }
  if (isPromise(answer)) return later(core, taker, batch, answer, rows.slice(from, from + batch.count), by)
  return settle(core, taker, batch, answer, rows, from, by)
}

async function later(
  core: Core,
  taker: Taker,
  batch: SlotBatch,
  answer: Promise<Slot | null>,
  rows: readonly number[],
  by: AttemptOrigin,
): Promise<boolean> {
  let slot: Slot | null = null
  try {
    slot = await answer
  } catch (error) {
    batch.results.fill({ error }, 0, batch.count)
  }
  if (slot !== null && !isStillWanted(core, taker, rows[batch.position]!, slot)) {
    core.releases.release(slot)
    slot = null
    batch.results[batch.position] = 'full'
    batch.position = -1
  }
  return settle(core, taker, batch, slot, rows, 0, by)
}

/**
 * While the store was asked, the account may have been removed (its row may be another's by now), have refused the model,
 * and others may have used up what was left of its limits.
 */
function isStillWanted(
  { columns, headroom, refusals }: Core,
  taker: Taker,
  row: number,
  slot: Slot,
): boolean {
  const { tokens, request } = taker
  const { model } = request
  const account = columns.accounts[row]
  if (account?.id !== slot.account) return false
  if (refusals.known && refusals.freeAtMs(account, model) > 0) return false
  return !headroom.known || headroom.covers(account, model, tokens)
}

function settle(
  core: Core,
  taker: Taker,
  batch: SlotBatch,
  slot: Slot | null,
  rows: readonly number[],
  from: number,
  by: AttemptOrigin,
): boolean {
  let asked = 0
  for (; asked < batch.count; asked++) {
    const result = batch.results[asked]!
    if (result === 'untried') break
    if (asked !== batch.position) note(core, taker, rows[from + asked]!, result, by)
  }
  taker.asked = asked
  const position = batch.position
  core.batches.push(batch)
  return slot !== null && grant(core, taker, slot, rows[from + position]!, by)
}

function settleRow(
  core: Core,
  taker: Taker,
  batch: SlotBatch,
  slot: Slot | null,
  row: number,
  by: AttemptOrigin,
): boolean {
  if (slot === null) note(core, taker, row, batch.results[0]!, by)
  core.batches.push(batch)
  return slot !== null && grant(core, taker, slot, row, by)
}

function note(
  core: Core,
  taker: Taker,
  row: number,
  result: SlotBatch['results'][number],
  by: AttemptOrigin,
): void {
  if (typeof result === 'object') {
    taker.error = result.error
    core.ring.tried(taker.decisionId, row, 'error', by)
  } else {
    core.ring.tried(taker.decisionId, row, 'full', by)
  }
}

function grant(core: Core, taker: Taker, slot: Slot, row: number, by: AttemptOrigin): boolean {
  core.ring.tried(taker.decisionId, row, 'granted', by)
  core.columns.inUse[row] = core.columns.inUse[row]! + 1
  core.columns.lastUsed[row] = core.ring.nextId
  refreshLoad(core.columns, row)
  core.standings.granted(row, slot)
  taker.row = row
  taker.slot = slot
  const account = core.columns.accounts[row]
  taker.account = account
  taker.grant = ++core.grants
  taker.reservation =
    core.headroom.known && account !== undefined
      ? core.headroom.reserve(account, taker.request.model, taker.tokens, taker.grant)
      : undefined
  taker.error = undefined
  return true
}

function createBatch(core: Core): SlotBatch {
  return { accounts: [], limits: [], count: 0, position: -1, results: [], origin: core.listener }
}
