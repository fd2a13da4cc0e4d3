import { SchedulerError } from '../errors.ts'
import type { Decision } from '../model/decision.ts'
import type { Slot } from '../ports.ts'
import type { CancelSignal } from '../scheduler.ts'
import { hasRoom, refreshLoad } from './columns.ts'
import type { Core } from './core.ts'
import { isPromise } from './maybe-promise.ts'
import type { Run } from './run.ts'
import { mayUse } from './select.ts'
import { takeRow } from './take-slot.ts'
import { createWaitQueue, type Waiter, type WaitQueue } from './wait-queue.ts'

/** The waiting part of a scheduler: enters requests into the queue, and gives them freed slots. */
export interface Waiting {
  readonly queue: WaitQueue
  /** Waits as the run's plan says. Rejects with a typed reason; `admit` makes the answer of a granted run. */
  enter<T>(run: Run, signal: CancelSignal | undefined, admit: (run: Run, waitedMs: number) => T): Promise<T>
  /** A slot of a row may have become free. */
  wake(row: number): void
  /** Accounts changed: looks up anew where everyone may go, and turns away who can go nowhere any more. */
  reconsider(): void
  /** Turns everyone away. */
  reject(error: (waiter: WaitingRun) => SchedulerError): void
}

/** One waiting request. */
export interface WaitingRun extends Waiter {
  readonly run: Run
  turnAway(error: SchedulerError): void
  /** Told on a slot taken on its behalf. */
  admitted(): void
}

/** `release` gives a slot back that came for someone who has left. */
export function createWaiting(
  core: Core,
  release: (row: number, slot: Slot) => void,
  decisionOf: (id: number) => Decision | undefined,
  onDepth: () => void,
): Waiting {
  const queue = createWaitQueue(core.clock)
  const { columns } = core
  let sequence = 0

  function count(run: Run, by: 1 | -1): void {
    if (run.waitRow < 0) return
    columns.waitingHere[run.waitRow] = columns.waitingHere[run.waitRow]! + by
    refreshLoad(columns, run.waitRow)
  }

  function leave(waiter: WaitingRun): boolean {
    if (!queue.remove(waiter)) return false
    count(waiter.run, -1)
    onDepth()
    return true
  }

  function full(run: Run): SchedulerError | undefined {
    const plan = run.plan!
    const ahead =
      plan.account !== undefined && core.profile.waits === 'account' && run.domain === undefined
        ? queue.waitingFor(run.waitRow)
        : queue.length
    if (ahead < plan.maxWaiting) return undefined
    return new SchedulerError(
      'queue_full',
      `${ahead} requests are waiting already; the limit is ${plan.maxWaiting}.`,
      {
        // Every place is taken by someone who may wait as long as the plan says; half of that is an honest guess.
        retryAfterMs: Math.max(1000, plan.timeoutMs / 2),
        decision: decisionOf(run.decisionId),
      },
    )
  }

  function expired(run: Run): SchedulerError {
    const { timeoutMs } = run.plan!
    const code = run.domain === undefined ? 'queue_timeout' : 'owner_unavailable'
    return new SchedulerError(code, `No slot became free within ${timeoutMs} ms.`, {
      retryAfterMs: Math.max(1000, timeoutMs / 4),
      decision: decisionOf(run.decisionId),
    })
  }

  function claim(waiter: WaitingRun, row: number): boolean {
    const { run } = waiter
    const taken = takeRow(core, run, row, 'rank')
    if (!isPromise(taken)) {
      if (taken) {
        leave(waiter)
        waiter.admitted()
      }
      return taken
    }
    waiter.claiming = true
    columns.claimed[row] = columns.claimed[row]! + 1
    void taken.then(granted => {
      waiter.claiming = false
      columns.claimed[row] = columns.claimed[row]! - 1
      if (!granted) return
      if (leave(waiter)) waiter.admitted()
      else release(row, run.slot!)
    })
    return true
  }

  return {
    queue,
    enter(run, signal, admit) {
      const tooMany = full(run)
      if (tooMany !== undefined) return Promise.reject(tooMany)
      const sinceMs = core.clock.monotonicMs()
      return new Promise((resolve, reject) => {
        const onAbort = () => waiter.turnAway(aborted(signal, decisionOf(run.decisionId)))
        const waiter: WaitingRun = {
          run,
          sequence: ++sequence,
          sinceMs,
          deadlineMs: sinceMs + run.plan!.timeoutMs,
          target: run.waitRow,
          tenant: run.scope.tenant,
          previous: undefined,
          next: undefined,
          queued: false,
          claiming: false,
          expire: () => waiter.turnAway(expired(run)),
          turnAway(error) {
            if (!leave(waiter)) return
            signal?.removeEventListener('abort', onAbort)
            reject(error)
          },
          admitted() {
            signal?.removeEventListener('abort', onAbort)
            resolve(admit(run, core.clock.monotonicMs() - sinceMs))
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        queue.push(waiter)
        count(run, 1)
        onDepth()
      })
    },
    wake(row) {
      while (queue.length > 0 && columns.usable[row] !== 0 && hasRoom(columns, row)) {
        const waiter = queue.choose(
          core.profile.dequeue,
          candidate => !candidate.claiming && mayUse(core, (candidate as WaitingRun).run, row),
        )
        if (waiter === undefined || !claim(waiter as WaitingRun, row)) return
      }
    },
    reconsider() {
      for (const waiter of [...queue] as WaitingRun[]) {
        const { run } = waiter
        const { model, transport = '' } = run.request
        if (run.set !== undefined) run.set = core.sets.find(model, transport, run.domain)
        const target = run.waitRow < 0 || core.columns.accounts[run.waitRow] !== undefined
        if (target && (run.set === undefined || run.set.members.length > 0)) continue
        const code = run.domain === undefined ? 'no_accounts' : 'owner_gone'
        waiter.turnAway(new SchedulerError(code, 'The accounts this request waited for are gone.'))
      }
      for (let row = 0; row < columns.size; row++) this.wake(row)
    },
    reject(error) {
      for (const waiter of [...queue] as WaitingRun[]) waiter.turnAway(error(waiter))
    },
  }
}

/** What an aborted signal is to the caller. */
export function aborted(signal: CancelSignal | undefined, decision: Decision | undefined): SchedulerError {
  return new SchedulerError('aborted', 'The request was given up before it had a slot.', {
    cause: signal?.reason,
    decision,
  })
}
