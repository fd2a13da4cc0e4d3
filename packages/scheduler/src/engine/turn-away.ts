import { SchedulerError } from '../errors.ts'
import type { TurnedAway } from '../model/decision.ts'
import type { CancelSignal } from '../scheduler.ts'
import type { Core } from './core.ts'
import type { Run } from './run.ts'

/** Ends a request that was to wait and gets no slot: its record says why, and the error says the same. */
export function turnAway(
  { ring, clock }: Core,
  run: Run,
  why: Pick<TurnedAway, 'code' | 'message'>,
  options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
): SchedulerError {
  const { decisionId, queuedMs } = run
  const waitedMs = queuedMs === undefined ? undefined : clock.monotonicMs() - queuedMs
  ring.turnedAway(decisionId, { ...why, waitedMs })
  return new SchedulerError(why.code, why.message, { ...options, decision: ring.read(decisionId) })
}

/** What its caller's leaving is to a request that waits. */
export function givenUp(core: Core, run: Run, signal: CancelSignal | undefined): SchedulerError {
  return turnAway(core, run, { code: 'aborted', message: GIVEN_UP }, { cause: signal?.reason })
}

/** What an aborted signal is to the caller of a request that had nothing to wait for. */
export function aborted(signal: CancelSignal, decision?: SchedulerError['decision']): SchedulerError {
  return new SchedulerError('aborted', GIVEN_UP, { cause: signal.reason, decision })
}

/** What a node that takes no new work says to one that asks, or that waits. */
export function drained(core: Core, run: Run | undefined): SchedulerError {
  const why = { code: 'draining', message: 'This node is shutting down.' } as const
  const options = { retryAfterMs: 1_000 }
  return run === undefined
    ? new SchedulerError(why.code, why.message, options)
    : turnAway(core, run, why, options)
}

const GIVEN_UP = 'The request was given up before it had a slot.'
