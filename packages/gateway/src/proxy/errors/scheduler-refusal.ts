import type { AccountState, SchedulerError } from '@headgate/scheduler'
import { GatewayError } from './errors.ts'
import type { RetrySpread } from './retry-spread.ts'

/** What a refusal may need to say. */
export interface RefusalContext {
  /** The accounts that could serve the request, as they stand now. */
  readonly serving: () => readonly AccountState[]
  readonly model: string
  /** The capabilities that the request takes. */
  readonly needs: readonly string[]
  /** The answer to what the request refers to and is lost; undefined when it refers to nothing. */
  readonly lost: GatewayError | undefined
  readonly nearestModels: () => readonly string[]
  /** When one of many should come back who wait for the same instant. */
  readonly spreadRetry: RetrySpread
}

/** Says to a client why the scheduler has no account for its request. */
export function schedulerRefusal(error: SchedulerError, context: RefusalContext): GatewayError {
  const { retryAfterMs } = error
  // Only what is nobody's normal answer has a cause: it is logged.
  const details = isFault(error) ? { retryAfterMs, cause: error } : { retryAfterMs }
  switch (error.code) {
    case 'owner_unknown':
    case 'owner_gone':
      return context.lost ?? new GatewayError('previous_response_not_found')
    case 'conflicting_owners':
      return new GatewayError('conflicting_owners', details)
    case 'owner_unavailable':
      return new GatewayError('owner_unavailable', details)
    case 'model_unsupported':
      return modelNotFound(context.model, context.nearestModels())
    case 'all_excluded':
      return context.lost ?? noAccounts(context.needs)
    case 'no_accounts':
    case 'transport_unsupported':
      return noAccounts(context.needs)
    case 'cooling_down':
      return new GatewayError(
        allRateLimited(context.serving()) ? 'accounts_rate_limited' : 'accounts_cooling_down',
        retryAfterMs === undefined ? {} : { retryAfterMs: context.spreadRetry(retryAfterMs) },
      )
    case 'queue_full':
    case 'queue_timeout':
    case 'draining':
      return new GatewayError(error.code, details)
    case 'store_failed':
      return new GatewayError('state_unavailable', details)
    case 'aborted':
      return new GatewayError('client_closed', details)
    case 'owned_elsewhere':
    case 'invalid_profile':
    case 'invalid_request':
      return new GatewayError('internal_error', details)
  }
}

/** Says what an account would have to be capable of, if anything. */
export function noAccounts(needs: readonly string[]): GatewayError {
  const said = needs.length === 0 ? '' : `: it takes an account with ${needs.join(', ')}`
  return new GatewayError('no_accounts', { values: { needs: said } })
}

/** 404 with the names that may have been meant; only names this key may see. */
export function modelNotFound(model: string, nearest: readonly string[]): GatewayError {
  const hint = nearest.length === 0 ? '' : ' The nearest names: '
  return new GatewayError('model_not_found', { param: 'model', values: { model, hint, nearest } })
}

/** A store that failed or a fault of ours, not an absence. */
export function isFault({ code }: SchedulerError): boolean {
  return code === 'store_failed' || code === 'invalid_profile' || code === 'invalid_request'
}

/** An account that is out of nothing, and yet not to be had, is short of a limit its upstream reported. */
function allRateLimited(serving: readonly AccountState[]): boolean {
  const resting = serving.filter(({ state }) => state === 'cooling_down')
  if (!resting.every(({ reason }) => reason === 'rate_limited')) return false
  return resting.length > 0 || serving.some(({ state }) => state === 'active' || state === 'slow_start')
}
