// Longer than most: one table, with the words of each upstream that it reads.
import { isSchedulerError, type Outcome } from '@headgate/scheduler'
import type { HeaderList } from '../../wire/header-list.ts'
import type { UpstreamFault } from '../../wire/upstream.ts'
import type { ErrorCode } from '../errors/error-catalogue.ts'
import { GatewayError, type GatewayErrorDetails } from '../errors/errors.ts'
import { lostOwner } from '../ownership/lost-owner.ts'
import type { InBandFailure } from '../tap/failure.ts'
import { type BlockRule, blockedForMs } from './block-rule.ts'
import { spentForMs } from './rate-limit-headers.ts'
import { boundedMs, retryAfterMs } from './retry-after.ts'

/**
 * The one table of how an attempt ended. Nothing else in the gateway decides whether something counts against an
 * account, may be tried on another one, or what a client is told of it.
 */
export interface Verdict {
  readonly outcome: Outcome
  /** Another account may do better; says nothing about whether the request may still move. */
  readonly mayFailOver: boolean
  /** What the client gets unless another account answers; `relay`: the upstream's own words, which are its due. */
  readonly answer: GatewayError | 'relay'
  /** The account does not serve what was asked: not its fault, and not worth asking it again. */
  readonly notServed?: boolean
}

/** What the table needs to know of the request. */
export interface VerdictContext {
  readonly nowWallMs: number
  /** The request names a stored response. */
  readonly continuesResponse: boolean
  readonly model: string
  /** The pool's rules for answers that take an account out for a while. */
  readonly blocks?: readonly BlockRule[] | undefined
  /** The text of an answer that is no JSON, where there are such rules. */
  readonly text?: string | undefined
}

const fault = (outcome: Outcome, code: ErrorCode, details?: GatewayErrorDetails): Verdict => ({
  outcome,
  mayFailOver: true,
  answer: new GatewayError(code, details),
})

const relayed = (kind: 'client_error' | 'policy'): Verdict => ({
  outcome: { kind },
  mayFailOver: false,
  answer: 'relay',
})

/** Codes that no waiting mends: the account is out until someone pays. */
const quotaLabels = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'billing_hard_limit_reached',
  'billing_not_active',
  'usage_limit_reached',
  'spend_limit_reached',
])
const rateLabels = new Set([
  'rate_limit_exceeded',
  'rate_limit_error',
  'slow_down',
  'tokens',
  'requests',
  'too_many_requests',
])
const overloadLabels = new Set([
  'server_is_overloaded',
  'overloaded_error',
  'service_unavailable_error',
  'service_unavailable',
  'engine_overloaded',
])
const serverLabels = new Set([
  'server_error',
  'api_error',
  'internal_error',
  'internal_server_error',
  'InternalServerError',
])
const authLabels = new Set([
  'invalid_api_key',
  'authentication_error',
  'permission_error',
  'account_deactivated',
  'invalid_organization',
])
const policyLabels = new Set([
  'content_filter',
  'content_policy_violation',
  'bio_policy',
  'misalignment_policy_violation',
  'cyber_policy',
])
const modelLabels = new Set([
  'model_not_found',
  'DeploymentNotFound',
  'deployment_not_found',
  'unknown_model',
])

/** An answer of status 300 or more. `failure` is undefined when its body is no JSON error object. */
export function judgeReply(
  status: number,
  headers: HeaderList,
  failure: InBandFailure | undefined,
  context: VerdictContext,
): Verdict {
  const verdict = judgeStatus(status, headers, failure, context)
  const { blocks = [], text, nowWallMs } = context
  const restMs = blocks.length === 0 ? undefined : blockedForMs(blocks, { status, failure, text })
  if (restMs === undefined) return verdict
  // What the table would have said stays the client's answer, but for the upstream's words: another account is asked.
  const answer = verdict.answer === 'relay' ? new GatewayError('upstream_auth') : verdict.answer
  return { outcome: { kind: 'blocked', untilMs: nowWallMs + restMs }, mayFailOver: true, answer }
}

function judgeStatus(
  status: number,
  headers: HeaderList,
  failure: InBandFailure | undefined,
  context: VerdictContext,
): Verdict {
  if (status < 400) return fault({ kind: 'server_error' }, 'upstream_redirect')
  const waitMs = retryAfterMs(headers, context.nowWallMs)
  switch (status) {
    case 401:
    case 403:
      return judgeRefusedKey(failure, context)
    case 402:
      return outOfQuota(failure, context, headers)
    case 404:
      return judgeNotFound(failure, context)
    case 405:
    case 501:
      return notServed(new GatewayError('upstream_route_missing'))
    case 408:
      return fault({ kind: 'timeout' }, 'upstream_timeout')
    case 429:
      return has(quotaLabels, failure)
        ? outOfQuota(failure, context, headers)
        : rateLimited(waitMs ?? boundedMs(spentForMs(headers)), context)
    case 503:
    case 529:
      return overloaded(waitMs, context)
  }
  if (status >= 500) {
    // An upstream's own status is passed on only when the answer is the API's, not some proxy's page.
    const details = { values: { status }, retryAfterMs: waitMs, ...(failure === undefined ? {} : { status }) }
    return fault({ kind: status === 504 ? 'timeout' : 'server_error' }, 'upstream_error', details)
  }
  if (failure === undefined) {
    return fault({ kind: 'server_error' }, 'upstream_bad_response', {
      values: { detail: `status ${status}, no JSON` },
    })
  }
  if (failure.code === 'previous_response_not_found') return lostState()
  return relayed(has(policyLabels, failure) ? 'policy' : 'client_error')
}

/** A failure told inside a 2xx answer: by code, then by type. */
export function judgeInBand(failure: InBandFailure, context: VerdictContext): Verdict {
  if (has(quotaLabels, failure)) return outOfQuota(failure, context)
  if (has(rateLabels, failure)) return rateLimited(undefined, context)
  if (has(overloadLabels, failure)) return overloaded(undefined, context)
  if (has(authLabels, failure)) return broken()
  if (has(policyLabels, failure)) return relayed('policy')
  if (failure.code === 'previous_response_not_found') return lostState()
  if (has(modelLabels, failure)) return modelMissing(context)
  const status = Number(failure.code)
  if (status === 429) return rateLimited(undefined, context)
  if (status === 401 || status === 403) return broken()
  if (status >= 400 && status < 500) return relayed('client_error')
  const nameless = failure.code === undefined && failure.type === undefined
  if (nameless || status >= 500 || has(serverLabels, failure)) {
    const code = failure.code ?? failure.type ?? 'no code'
    return fault({ kind: 'server_error' }, 'upstream_failed', { values: { code } })
  }
  return relayed('client_error')
}

/** An exchange that broke before its end. */
export function judgeFault(upstreamFault: UpstreamFault): Verdict {
  switch (upstreamFault.kind) {
    case 'connect':
      return fault({ kind: 'transport_error' }, 'upstream_unreachable')
    case 'auth':
      return broken()
    case 'tls':
      return fault({ kind: 'transport_error' }, 'upstream_tls')
    case 'headers_timeout':
    case 'idle_timeout':
      return fault({ kind: 'timeout' }, 'upstream_timeout')
    case 'closed':
      return fault({ kind: 'transport_error' }, 'upstream_disconnected')
    case 'protocol':
      return fault({ kind: 'transport_error' }, 'upstream_protocol')
  }
}

/** An answer that is not what the protocol promises. */
export function judgeBadAnswer(
  code:
    | 'upstream_truncated'
    | 'upstream_event_too_long'
    | 'upstream_bad_event'
    | 'upstream_bad_content_type'
    | 'upstream_bad_response',
  details?: GatewayErrorDetails,
): Verdict {
  return fault({ kind: 'server_error' }, code, details)
}

/**
 * What the answer tells could not be bound. Undefined: the store failed, which is no account's doing. An account that
 * claims an id of another one answers for nobody: whoever continued it would be led to the wrong conversation.
 */
export function judgeBinding(error: unknown): Verdict | undefined {
  if (!isSchedulerError(error) || error.code !== 'owned_elsewhere') return undefined
  return judgeBadAnswer('upstream_bad_response', {
    values: { detail: 'it claims an id that is stored elsewhere' },
  })
}

/** No output came in time. */
export function judgeFirstTokenTimeout(): Verdict {
  return fault({ kind: 'timeout' }, 'upstream_timeout')
}

/**
 * A key may be refused for one request alone: a model its project may not use, an endpoint that a restricted key has no
 * scope for, a text. Anyone may ask for those, so they take no account away from everybody.
 */
function judgeRefusedKey(failure: InBandFailure | undefined, context: VerdictContext): Verdict {
  if (has(modelLabels, failure)) return modelMissing(context)
  if (has(policyLabels, failure)) return relayed('policy')
  if (failure !== undefined && missingScope.test(failure.message))
    return notServed(new GatewayError('upstream_route_missing'))
  return broken()
}

/** "You have insufficient permissions for this operation. Missing scopes: api.files.write." */
const missingScope = /\bmissing scopes?:/i

function judgeNotFound(failure: InBandFailure | undefined, context: VerdictContext): Verdict {
  if (failure === undefined || saysNothing(failure))
    return notServed(new GatewayError('upstream_route_missing'))
  if (failure.code === 'previous_response_not_found') return lostState()
  if (context.continuesResponse && /^Response with id .* not found/i.test(failure.message)) return lostState()
  if (has(modelLabels, failure)) return modelMissing(context)
  if (/\b(model|deployment)\b.{0,300}(not exist|not found)/is.test(failure.message))
    return modelMissing(context)
  return relayed('client_error')
}

/** JSON that is no API error, such as FastAPI's `{"detail":"Not Found"}` for a route it does not have. */
const saysNothing = ({ code, type, message }: InBandFailure): boolean =>
  code === undefined && type === undefined && message === ''

const has = (labels: ReadonlySet<string>, failure: InBandFailure | undefined): boolean =>
  failure !== undefined &&
  ((failure.code !== undefined && labels.has(failure.code)) ||
    (failure.type !== undefined && labels.has(failure.type)))

const broken = (): Verdict => fault({ kind: 'auth_broken' }, 'upstream_auth')

/**
 * Out until the instant the upstream names: `resets_at`, `resets_in_seconds`, or the reset of a spent window that is
 * longer than a rate limit's. Without one it comes back by a probe or an operator's word. Retry-After says nothing
 * here: services send it with every 429, and no waiting of seconds pays a bill.
 */
function outOfQuota(
  failure: InBandFailure | undefined,
  { nowWallMs }: VerdictContext,
  headers: HeaderList = [],
): Verdict {
  const spentMs = spentForMs(headers) ?? 0
  const inMs = failure?.resetsInMs ?? (spentMs > rateWindowMs ? spentMs : undefined)
  const untilMs = failure?.resetsAtMs ?? (inMs === undefined ? undefined : nowWallMs + inMs)
  const known = untilMs !== undefined && untilMs > nowWallMs
  return fault(
    known ? { kind: 'quota_exhausted', untilMs } : { kind: 'quota_exhausted' },
    'insufficient_quota',
  )
}

/** The windows of rate limits are a minute at most; what takes longer to come back is a quota. */
const rateWindowMs = 60_000

function rateLimited(waitMs: number | undefined, context: VerdictContext): Verdict {
  return fault(until('rate_limited', waitMs, context), 'rate_limit_exceeded', { retryAfterMs: waitMs })
}

function overloaded(waitMs: number | undefined, context: VerdictContext): Verdict {
  return fault(until('overloaded', waitMs, context), 'server_is_overloaded', { retryAfterMs: waitMs })
}

function until(
  kind: 'rate_limited' | 'overloaded',
  waitMs: number | undefined,
  context: VerdictContext,
): Outcome {
  return waitMs === undefined ? { kind } : { kind, untilMs: context.nowWallMs + waitMs }
}

/** The upstream forgot what our binding says it holds: the client resends everything, as for any unknown id. */
function lostState(): Verdict {
  return {
    outcome: { kind: 'client_error' },
    mayFailOver: false,
    answer: lostOwner({ kind: 'response', id: '', param: 'previous_response_id' }),
  }
}

function modelMissing(context: VerdictContext): Verdict {
  return notServed(
    new GatewayError('model_not_found', {
      param: 'model',
      values: { model: context.model, hint: '', nearest: '' },
    }),
  )
}

function notServed(answer: GatewayError): Verdict {
  return { outcome: { kind: 'client_error' }, mayFailOver: true, answer, notServed: true }
}
