import type { BindingScope } from '../affinity/binding-key.ts'
import { inputTokensOf, UNKNOWN_INPUT_TOKENS } from '../learning/prompt-size.ts'
import type { WarmPlace } from '../learning/warmth.ts'
import type { Reservation } from '../limits/entry.ts'
import type { Account } from '../model/account.ts'
import type { Layer } from '../model/decision.ts'
import type { ScheduleRequest } from '../model/request.ts'
import type { NoneReason, WaitPlan } from '../model/selection.ts'
import type { Slot } from '../ports.ts'
import type { CancelSignal } from '../scheduler.ts'
import type { AttemptOrigin, AttemptResult, DecisionFacts } from './decision-ring.ts'
import type { EligibleSet } from './eligible-set.ts'

const NONE: readonly number[] = []
const NOWHERE: readonly WarmPlace[] = []

/** The steps of a selection, in order; see `select.ts`. */
export const OWNER = 0
export const AFFINITY = 1
export const BALANCE = 2
export const TRY = 3
export const REST = 4
export const DONE = 5

/**
 * One selection under way. It carries whatever must survive an answer that comes later; what does not is the
 * engine's own scratch. Most of its fields are the decision's (see `Decision`).
 */
export class Run implements DecisionFacts {
  readonly request: ScheduleRequest
  readonly pool: string
  readonly startedMs: number
  /** Checked after every answer that came later. */
  readonly signal: CancelSignal | undefined
  /** When it entered the queue; undefined while it did not. */
  queuedMs: number | undefined = undefined
  /** The record in the ring, 0 before it is opened. */
  decisionId = 0
  step: number
  /** Which affinity rule comes next. */
  rule = 0

  layer: Layer = 'none'
  result: 'selected' | 'wait' | 'none' = 'none'
  reason: NoneReason | undefined = undefined
  retryAfterMs: number | undefined = undefined
  plan: WaitPlan | undefined = undefined
  row = -1
  stickyPreviousHit = false
  stickySessionHit = false
  domain: string | undefined = undefined
  set: EligibleSet | undefined = undefined
  candidateCount = 0
  unavailable = 0
  excluded = 0
  topK = 0
  loadSkew = 0
  seeded = false
  seedLow = 0
  seedHigh = 0
  latencyMicros = 0

  slot: Slot | undefined = undefined
  account: Account | undefined = undefined
  /** The store's error that ended the selection, or the last one met. */
  error: unknown = undefined
  /** The row to wait for, where a plan names one. */
  waitRow = -1
  /** Rows still to be tried, in order, and where they come from. */
  candidates: number[] | undefined = undefined
  at = 0
  by: AttemptOrigin = 'draw'
  /** The row a binding led to, -1 without one, and what came of asking for its slot. */
  boundRow = -1
  boundResult: AttemptResult = 'granted'
  /** The row that the session is bound to, where a binding is worth something but asked nothing; -1 without one. */
  hintRow = -1
  /** How many rows of the last batch were answered for. */
  asked = 0
  /** Rows asked for already. */
  tried: readonly number[] = NONE
  /** The place of its slot among all that were granted here, from 1. */
  grant = 0
  /** What its slot holds back of the account's limits. */
  reservation: Reservation | undefined = undefined
  /** Candidates whose limits it does not fit into. */
  limited = 0
  /** Counted among the slots of its tenant. */
  tenantCounted = false
  /** Its tenant holds as many slots as it may: nothing is asked for, the request waits. */
  gated = false

  /** The session's binding key; undefined without a session. */
  sessionKey: string | undefined = undefined
  /** What the session was bound to when it was looked up. */
  sessionTarget: string | undefined = undefined
  /** Where the session's prompt is warm, newest first, where the profile learns that; while it waits, as that changes. */
  warm: readonly WarmPlace[] = NOWHERE
  /** How large a prompt usually is, for one of which nothing is known. */
  usualTokens = UNKNOWN_INPUT_TOKENS
  /** It may wait for a better account although others are free. */
  patient = false
  /** Free accounts that are not worth it are passed by until then, monotonic; 0 when none is. See `patience.ts`. */
  patientUntilMs = 0
  /** What an account may cost to be worth it, before patience wears off. */
  acceptMs = 0
  /** The figures over the candidates that were compared, for what one of them costs later. */
  bounds: Float64Array | undefined = undefined
  /** What becomes of the session's binding once the request has a slot. */
  sessionWrite: 'none' | 'bind' | 'move' = 'none'

  constructor(request: ScheduleRequest, pool: string, startedMs: number, signal?: CancelSignal) {
    this.request = request
    this.pool = pool
    this.startedMs = startedMs
    this.signal = signal
    this.step = request.owners !== undefined && request.owners.length > 0 ? OWNER : AFFINITY
  }

  /** Whose bindings this selection may see. Made when asked for: most selections have no key. */
  get scope(): BindingScope {
    return { tenant: this.tenant, pool: this.pool, group: this.request.group ?? null }
  }

  /** Tokens it will take from a token limit. */
  get tokens(): number {
    return this.request.estimatedTokens ?? 0
  }

  /** Tokens of its prompt, as far as they are known. */
  get inputTokens(): number {
    return inputTokensOf(this.request, this.warm, this.usualTokens)
  }

  get tenant(): string {
    return this.request.tenant ?? ''
  }
}
