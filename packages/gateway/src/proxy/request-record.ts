import type { Decision, Layer, Lease, OutcomeKind, Usage } from '@headgate/scheduler'
import type { ErrorCode } from './errors/errors.ts'

/** One upstream exchange of a request. */
export interface AttemptRecord {
  readonly account: string
  readonly decisionId: number | undefined
  /** Milliseconds in the queue before it. */
  readonly waitedMs: number
  /** Undefined when the attempt ended without a word about the account. */
  outcome: OutcomeKind | undefined
  /** The upstream's status; undefined when no head came. */
  upstreamStatus: number | undefined
  /** What was judged, when it failed. */
  errorCode: ErrorCode | undefined
  /** The upstream's own words, cleaned, at most 500 characters: for the operator only. */
  upstreamMessage: string | undefined
  /** From the attempt's begin to the first output of its stream. */
  firstTokenMs: number | undefined
  durationMs: number
  /** The upstream may hold a stored response that no client has heard of. */
  orphaned: boolean
  /** Its answer is the one that the client got. */
  answered: boolean
  /** The hard key of the response that it told, by which the next turn of its conversation names it; hashed. */
  told: string | undefined
  /** Started beside a slower one. */
  readonly hedge: boolean
  /** Where its account was found; undefined for an exchange that needed no slot. */
  readonly layer: Layer | undefined
  /**
   * The decision that made it: as it was when `keepDecision` was called, else read from the scheduler that made it
   * (some microseconds), which overwrites old ones.
   */
  readonly decision: Decision | undefined
  /** Reads the decision now and keeps it for as long as the attempt is recorded. */
  keepDecision(): void
}

/**
 * What telemetry hears of a request, once, when it is over. Holds no body, no key and no id of a session or a
 * response.
 */
export interface RequestRecord {
  readonly requestId: string
  /** The client's own `x-client-request-id` or `x-request-id`, if it is printable and short. */
  readonly clientRequestId: string | undefined
  readonly remoteAddress: string
  readonly method: string
  /** The route's pattern; undefined when there was none. */
  readonly route: string | undefined
  readonly client: string | undefined
  readonly tenant: string | undefined
  readonly pool: string | undefined
  readonly model: string | undefined
  readonly stream: boolean
  /** What the client was told; 499 when it left before that. */
  readonly status: number
  /** The gateway's own error, if it answered with one. */
  readonly errorCode: ErrorCode | undefined
  /** The account that answered; else that of the last attempt. */
  readonly account: string | undefined
  /** The last decision: the one that refused it, or that of the attempt above. */
  readonly decisionId: number | undefined
  /** Where the last account was found. */
  readonly layer: Layer | undefined
  /** The decision of a scheduler that had no account for it. */
  readonly refusal: Decision | undefined
  readonly attempts: readonly AttemptRecord[]
  /** What became of the wish to hedge it; undefined when there was none. */
  readonly hedge: HedgeResult | undefined
  /** Encrypted items left out of its input, because what they are bound to is gone or lies elsewhere; mostly 0. */
  readonly removedItems: number
  /** From the request's arrival to the first output of a stream. */
  readonly ttftMs: number | undefined
  readonly durationMs: number
  readonly usage: Usage | undefined
  readonly bytesIn: number
  readonly bytesOut: number
}

/**
 * `won`: the second attempt answered; `lost`: the first one after all; `failed`: neither; `client_abort`: the client left
 * meanwhile. `no_budget`, `no_slot`, `no_gain`: there was no second attempt, because the budget was spent, nobody was
 * idle, or it would have taken too long itself.
 */
export type HedgeResult = 'won' | 'lost' | 'failed' | 'client_abort' | 'no_budget' | 'no_slot' | 'no_gain'

/** A record in the making. */
export class RequestTrace implements RequestRecord {
  readonly requestId: string
  readonly remoteAddress: string
  readonly method: string
  clientRequestId: string | undefined
  route: string | undefined
  client: string | undefined
  tenant: string | undefined
  pool: string | undefined
  model: string | undefined
  stream = false
  status = 0
  errorCode: ErrorCode | undefined
  ttftMs: number | undefined
  durationMs = 0
  usage: Usage | undefined
  bytesIn = 0
  bytesOut = 0
  removedItems = 0
  readonly attempts: AttemptRecord[] = []
  refusal: Decision | undefined
  hedge: HedgeResult | undefined

  constructor(requestId: string, inbound: { readonly remoteAddress: string; readonly method: string }) {
    this.requestId = requestId
    this.remoteAddress = inbound.remoteAddress
    this.method = inbound.method
  }

  get account(): string | undefined {
    return decisiveAttempt(this)?.account
  }

  get decisionId(): number | undefined {
    return this.refusal?.id ?? decisiveAttempt(this)?.decisionId
  }

  get layer(): Layer | undefined {
    return decisiveAttempt(this)?.layer
  }
}

/** The attempt that the client heard; when it heard none, the last. */
function decisiveAttempt({ attempts }: Pick<RequestRecord, 'attempts'>): AttemptRecord | undefined {
  return attempts.findLast(attempt => attempt.answered) ?? attempts.at(-1)
}

/** What the record of an attempt reads of its lease. */
export type RecordedLease = Pick<Lease, 'decisionId' | 'waitedMs' | 'layer' | 'decision'>

/** The record of one exchange in the making; `lease` is undefined where no slot was needed. */
export class AttemptTrace implements AttemptRecord {
  readonly account: string
  readonly decisionId: number | undefined
  readonly waitedMs: number
  outcome: OutcomeKind | undefined
  upstreamStatus: number | undefined
  errorCode: ErrorCode | undefined
  upstreamMessage: string | undefined
  firstTokenMs: number | undefined
  durationMs = 0
  orphaned = false
  answered = false
  told: string | undefined
  readonly hedge: boolean
  // Private, so that a copy of the record for a log holds neither.
  readonly #lease: RecordedLease | undefined
  #kept: Decision | undefined

  constructor(account: string, lease: RecordedLease | undefined, options?: { readonly hedge: boolean }) {
    this.account = account
    this.hedge = options?.hedge ?? false
    this.decisionId = lease?.decisionId
    this.waitedMs = lease?.waitedMs ?? 0
    this.#lease = lease
  }

  get layer(): Layer | undefined {
    return this.#lease?.layer
  }

  get decision(): Decision | undefined {
    return this.#kept ?? this.#lease?.decision
  }

  keepDecision(): void {
    this.#kept = this.#lease?.decision
  }
}
