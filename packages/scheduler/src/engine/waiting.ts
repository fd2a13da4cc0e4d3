/** Longer than other files: who waits, who is asked for, and news that must not be lost between are one thing. */

import { hasRoom, refreshLoad, touch } from '../columns/columns.ts'
import type { Waiter } from '../dequeue/waiter.ts'
import type { SchedulerError } from '../errors.ts'
import type { Slot } from '../ports.ts'
import type { CancelSignal } from '../scheduler.ts'
import type { Core } from './core.ts'
import { mayUse } from './may-use.ts'
import { isPromise } from './maybe-promise.ts'
import { createQueueBounds } from './queue-bounds.ts'
import type { Run } from './run.ts'
import { takeRow } from './take-slot.ts'
import { givenUp } from './turn-away.ts'
import { urgency } from './urgency.ts'
import { createWaitQueue, type WaitQueue } from './wait-queue.ts'
import { gone, mayHope, retarget, rowsOf } from './wait-target.ts'

/** The waiting part of a scheduler: enters requests into the queue, and gives them freed slots. */
export interface Waiting {
  readonly queue: WaitQueue
  /** Waits as the run's plan says. Rejects with a typed reason; `admit` makes the answer of a granted run. */
  enter<T>(run: Run, signal: CancelSignal | undefined, admit: (run: Run, waitedMs: number) => T): Promise<T>
  /** A slot of a row may have become free. */
  wake(row: number): void
  /** A tenant holds fewer slots than it did: looks what those of its waiters that were held back can use. */
  tenantFreed(tenant: string): void
  /** Looks for what became free while a store was asked for this request, before it was in the queue. */
  lookAround(run: Run): void
  /** Accounts changed: looks up anew where everyone may go, and turns away who can go nowhere any more. */
  reconsider(): void
  /** Turns everyone away. */
  reject(error: (waiter: WaitingRun) => SchedulerError): void
}

/** How soon a slot is asked for again after the store failed to give it to a waiter. */
const RETRY_MS = 500

/** One waiting request. */
export interface WaitingRun extends Waiter {
  readonly run: Run
  turnAway(error: SchedulerError): void
  /** Cancels the timer of its patience. */
  endPatience: (() => void) | undefined
  /** Told on a slot taken on its behalf. */
  admitted(): void
}

/** What a thousand tokens cost a tenant while it waits: as much as a request. */
const TOKENS_PER_REQUEST = 1_000

/** Creates the waiting part. `release` gives a slot back that came for someone who has left. */
export function createWaiting(
  core: Core,
  release: (run: Run, row: number, slot: Slot) => void,
  onDepth: () => void,
): Waiting {
  const queue = createWaitQueue(core.clock)
  const { columns, tenants } = core
  const { dequeue } = core.profile
  const line = 'createLine' in dequeue ? dequeue.createLine() : undefined
  const bounds = createQueueBounds<WaitingRun>(core, queue, run =>
    line === undefined ? queue.length : line.ahead({ tenant: run.tenant, ...standingOf(run) }),
  )
  core.mayQueue = tenant => bounds.hasPlaceFor(tenant)
  let sequence = 0
  /** Rows of which there was news while those who could use them had a slot on its way: looked at when none comes. */
  const missed = new Set<number>()
  const retries = new Map<number, () => void>()
  /** Waiters for whom a slot is being asked. */
  const claiming = new Set<WaitingRun>()

  function count(run: Run, by: 1 | -1): void {
    if (run.waitRow < 0) return
    columns.waitingHere[run.waitRow] = columns.waitingHere[run.waitRow]! + by
    refreshLoad(columns, run.waitRow)
  }

  function enterQueue(waiter: WaitingRun): void {
    queue.push(waiter)
    line?.entered(waiter)
    bounds.entered(waiter)
    count(waiter.run, 1)
    core.queueDepth = queue.length
    onDepth()
  }

  function leave(waiter: WaitingRun, how: 'admitted' | 'gone'): boolean {
    if (!queue.remove(waiter)) return false
    waiter.endPatience?.()
    line?.left(waiter, how)
    bounds.left(waiter, how)
    count(waiter.run, -1)
    if (queue.length === 0) forgetRows()
    core.queueDepth = queue.length
    onDepth()
    return true
  }

  function forgetRows(): void {
    missed.clear()
    for (const cancel of retries.values()) cancel()
    retries.clear()
  }

  /** No slot came of a row: looks where the waiter could not look meanwhile, and again here after an error. */
  function refused(row: number, error: unknown): void {
    const rows = [...missed]
    missed.clear()
    for (const other of rows) {
      const { claims, busyElsewhere } = serve(other)
      // Kept only where nothing was asked: every piece of news is asked about once, or two claims could chase each other.
      if (claims === 0 && busyElsewhere) missed.add(other)
    }
    if (error === undefined || queue.length === 0 || retries.has(row)) return
    const cancel = core.clock.schedule(RETRY_MS, () => {
      retries.delete(row)
      wake(row)
    })
    retries.set(row, cancel)
  }

  function setClaimed(row: number, by: 1 | -1): void {
    columns.claimed[row] = columns.claimed[row]! + by
    touch(columns, row)
  }

  function claim(waiter: WaitingRun, row: number): boolean {
    const { run } = waiter
    run.error = undefined
    // `serve` has looked whether the tenant may have one more.
    tenants.take(run)
    const taken = takeRow(core, run, row, 'queue')
    if (!isPromise(taken)) {
      if (taken) {
        leave(waiter, 'admitted')
        waiter.admitted()
      } else {
        tenants.give(run)
        if (run.error !== undefined) refused(row, run.error)
      }
      return taken
    }
    waiter.claiming = true
    claiming.add(waiter)
    setClaimed(row, 1)
    void taken.then(granted => {
      waiter.claiming = false
      claiming.delete(waiter)
      setClaimed(row, -1)
      if (!granted) {
        // Silently: who was held back by this is looked at with the rows of which there was news meanwhile.
        tenants.give(run)
        refused(row, run.error)
      } else if (leave(waiter, 'admitted')) waiter.admitted()
      else release(run, row, run.slot!)
    })
    return true
  }

  /** True when a tenant at its limit may be below it again once its claims under way are answered. */
  function mayFree(tenant: string): boolean {
    for (const waiter of claiming) if (waiter.tenant === tenant) return true
    return false
  }

  /** News of a row. What a claim under way was asked before the news is asked again when it is refused. */
  function wake(row: number): void {
    if (queue.length === 0) return
    const asked = columns.claimed[row]! > 0
    const { busyElsewhere } = serve(row)
    if (asked || busyElsewhere) missed.add(row)
  }

  function choose(row: number, may: (waiter: Waiter) => boolean): Waiter | undefined {
    if (line !== undefined) {
      const nowMs = core.clock.monotonicMs()
      return line.next(may, nowMs, waiter =>
        urgency(core, (waiter as WaitingRun).run, row, nowMs - waiter.sinceMs),
      )
    }
    return 'next' in dequeue ? queue.choose(dequeue, may) : undefined
  }

  /** Patience wears off: what was passed by is looked at again. */
  function armPatience(waiter: WaitingRun): void {
    const { run } = waiter
    if (run.patientUntilMs === 0 || !waiter.queued) return
    const delayMs = Math.max(0, run.patientUntilMs - core.clock.monotonicMs())
    waiter.endPatience = core.clock.schedule(delayMs, () => {
      waiter.endPatience = undefined
      run.patientUntilMs = 0
      for (const row of rowsOf(run)) {
        if (!waiter.queued) return
        if (!hasRoom(columns, row) || !mayUse(core, run, row)) continue
        if (waiter.claiming) missed.add(row)
        else wake(row)
      }
    })
  }

  /** Gives the row's free slots to those who may use them; `busyElsewhere`: someone could, but has one on its way. */
  function serve(row: number): { readonly claims: number; readonly busyElsewhere: boolean } {
    let claims = 0
    let busyElsewhere = false
    while (queue.length > 0 && columns.usable[row] !== 0 && hasRoom(columns, row)) {
      const waiter = choose(row, candidate => {
        const { run, tenant } = candidate as WaitingRun
        if (!mayUse(core, run, row)) return false
        if (candidate.claiming) {
          busyElsewhere = true
          return false
        }
        if (!tenants.isFull(run)) return true
        if (mayFree(tenant)) busyElsewhere = true
        return false
      })
      if (waiter === undefined || !claim(waiter as WaitingRun, row)) break
      claims++
    }
    return { claims, busyElsewhere }
  }

  return {
    queue,
    enter(run, signal, admit) {
      // While a store was asked, the accounts may have changed.
      retarget(core, run)
      if (!mayHope(core, run)) return Promise.reject(gone(core, run))
      const entry = bounds.judge(run)
      if (entry.kind === 'full') return Promise.reject(entry.error)
      if (entry.kind === 'instead') entry.of.turnAway(bounds.displaced(entry.of.run))
      const sinceMs = core.clock.monotonicMs()
      run.queuedMs = sinceMs
      return new Promise((resolve, reject) => {
        const onAbort = () => waiter.turnAway(givenUp(core, run, signal))
        const waiter: WaitingRun = {
          run,
          sequence: ++sequence,
          sinceMs,
          deadlineMs: sinceMs + run.plan!.timeoutMs,
          get target() {
            return run.waitRow
          },
          tenant: run.tenant,
          ...standingOf(run),
          cost: Math.max(1, (run.request.estimatedTokens ?? 0) / TOKENS_PER_REQUEST),
          previous: undefined,
          next: undefined,
          queued: false,
          claiming: false,
          endPatience: undefined,
          expire: () => waiter.turnAway(bounds.expired(run)),
          turnAway(error) {
            if (!leave(waiter, 'gone')) return
            signal?.removeEventListener('abort', onAbort)
            reject(error)
          },
          admitted() {
            signal?.removeEventListener('abort', onAbort)
            resolve(admit(run, core.clock.monotonicMs() - sinceMs))
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        enterQueue(waiter)
        armPatience(waiter)
      })
    },
    wake,
    tenantFreed(tenant) {
      if (queue.length === 0 || !isLimited(queue, tenant)) return
      const before = tenants.held(tenant) + 1
      const looked = new Set<unknown>()
      for (const waiter of [...queue] as WaitingRun[]) {
        const { run } = waiter
        const wasHeldBack = waiter.tenant === tenant && before >= (run.request.tenantLimit ?? before + 1)
        if (!wasHeldBack || waiter.claiming || !waiter.queued || tenants.isFull(run)) continue
        // Who may go to the same accounts would find the same.
        const isLike = run.waitRow < 0 && (run.request.excluded?.size ?? 0) === 0 ? run.set : undefined
        if (isLike !== undefined && looked.has(isLike)) continue
        for (const row of rowsOf(run)) {
          if (!waiter.queued || waiter.claiming) break
          if (hasRoom(columns, row) && mayUse(core, run, row)) wake(row)
        }
        if (isLike !== undefined && waiter.queued) looked.add(isLike)
      }
    },
    lookAround(run) {
      for (const row of rowsOf(run)) {
        const isNews = hasRoom(columns, row) || columns.claimed[row]! > 0
        if (isNews && mayUse(core, run, row)) wake(row)
      }
    },
    reconsider() {
      for (const waiter of [...queue] as WaitingRun[]) {
        const { run } = waiter
        count(run, -1)
        retarget(core, run)
        count(run, 1)
        if (!mayHope(core, run)) waiter.turnAway(gone(core, run))
      }
      for (let row = 0; row < columns.size; row++) wake(row)
    },
    reject(error) {
      for (const waiter of [...queue] as WaitingRun[]) waiter.turnAway(error(waiter))
    },
  }
}

/** What decides when the tenants' turns are. */
function standingOf({
  request: { priority = 0, tenantWeight = 1 },
}: Run): Pick<Waiter, 'priority' | 'weight'> {
  return { priority, weight: tenantWeight }
}

/** True when a tenant that waits has a limit of slots: without, nobody is held back by what it holds. */
function isLimited(queue: WaitQueue, tenant: string): boolean {
  for (const waiter of queue as Iterable<WaitingRun>)
    if (waiter.tenant === tenant && waiter.run.request.tenantLimit !== undefined) return true
  return false
}
