import type { Decision } from './model/decision.ts'
import type { NoneReason } from './model/selection.ts'

const brand = Symbol.for('headgate.scheduler.error')

/** Every way `acquire` and `bind` reject; a stable code, never a free text. */
export type SchedulerErrorCode =
  | NoneReason
  | 'queue_full'
  | 'queue_timeout'
  | 'aborted'
  | 'draining'
  | 'store_failed'
  | 'owned_elsewhere'
  | 'invalid_profile'
  | 'invalid_request'

/**
 * What `acquire` rejects with. `retryAfterMs`, when present, is the scheduler's honest guess of when to come
 * back. Branded by a registered symbol, so that {@link isSchedulerError} survives two copies of the package.
 */
export class SchedulerError extends Error {
  readonly code: SchedulerErrorCode
  readonly retryAfterMs: number | undefined
  readonly decision: Decision | undefined
  readonly [brand] = true

  constructor(
    code: SchedulerErrorCode,
    message: string,
    options: { retryAfterMs?: number | undefined; decision?: Decision | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SchedulerError'
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.decision = options.decision
  }
}

/** True for a {@link SchedulerError} of any copy of this package. */
export function isSchedulerError(error: unknown): error is SchedulerError {
  return typeof error === 'object' && error !== null && brand in error
}
