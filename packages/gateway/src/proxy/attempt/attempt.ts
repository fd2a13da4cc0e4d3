// Longer than most: one exchange's whole life is told in one place, its three kinds of reply in files of their own.
import type { Clock, Lease, Outcome, Usage } from '@headgate/scheduler'
import type { Log } from '../../runtime/log.ts'
import { type HeaderList, headerValue } from '../../wire/header-list.ts'
import type {
  Upstream,
  UpstreamExchange,
  UpstreamFault,
  UpstreamListener,
  UpstreamRequest,
} from '../../wire/upstream.ts'
import type { ByteShare } from '../byte-budget.ts'
import { cleanText } from '../errors/clean-text.ts'
import { type ErrorCode, GatewayError, type StreamFormat } from '../errors/errors.ts'
import type { Outbound } from '../exchange.ts'
import type { Binds } from '../ownership/binds.ts'
import { isResponseKey } from '../ownership/owner-key.ts'
import type { AttemptTrace, RequestTrace } from '../request-record.ts'
import type { BlockRule } from './block-rule.ts'
import { BytesReply } from './bytes-reply.ts'
import type { CommitPolicy } from './commit.ts'
import { ErrorReply } from './error-reply.ts'
import { JsonReply } from './json-reply.ts'
import {
  judgeBadAnswer,
  judgeBinding,
  judgeFault,
  judgeFirstTokenTimeout,
  type judgeReply,
  type Verdict,
  type VerdictContext,
} from './outcome.ts'
import { rateLimits } from './rate-limit-headers.ts'
import { StreamReply } from './stream-reply.ts'

/** What an attempt uses of a lease; retrievals, which hold no slot, bring one that does nothing. */
export type AttemptLease = Pick<Lease, 'bind' | 'firstToken' | 'reportLimits' | 'settle'> & Disposable

/** Bounds of one exchange. */
export interface AttemptLimits {
  readonly eventBytes: number
  readonly jsonBufferBytes: number
  readonly holdMs: number
  /** A stream that is silent for so long gets a comment; undefined: it gets none. */
  readonly keepaliveMs: number | undefined
}

/** Everything one exchange needs. */
export interface AttemptOptions {
  readonly upstream: Upstream
  readonly clock: Clock
  readonly limits: AttemptLimits
  readonly memory: ByteShare
  readonly outbound: Outbound
  readonly lease: AttemptLease
  readonly trace: RequestTrace
  readonly record: AttemptTrace
  readonly log: Log
  readonly receivedAtMs: number
  readonly commit: CommitPolicy
  /** For streams: longest wait for the first output, from now on. */
  readonly firstTokenTimeoutMs: number | undefined
  readonly dialect: StreamFormat
  /**
   * What is relayed of a success: `api` is JSON and streams of events, and anything else a broken upstream; `any` takes
   * other types as they come as well; `bytes` takes everything as it comes. `state` is the API telling of something
   * stored: a failure in it happened to that, not to this exchange.
   */
  readonly relays: 'api' | 'any' | 'state' | 'bytes'
  /** Which ids of the answer are bound before they are relayed. */
  readonly binds: Binds
  readonly model: string
  readonly continuesResponse: boolean
  readonly judge: typeof judgeReply
  /** The pool's rules for answers that take an account out for a while. */
  readonly blocks?: readonly BlockRule[] | undefined
  /** Added to the answer, for clients that asked to see the routing. */
  readonly extraHeaders: HeaderList
  /** Called when the answer begins: the request's body is not needed any more. */
  readonly onCommit: () => void
  /** Asked before the answer begins, where several attempts race; false: another one answers. Default: it may. */
  readonly claim?: (() => boolean) | undefined
}

/** How an exchange ended, seen from the request. */
export type AttemptEnd =
  /** The client has its answer, whole or ended with an explicit error. */
  | { readonly kind: 'answered'; readonly status: number }
  | ({ readonly kind: 'client_left' } & Abandoned)
  /** Another attempt of the request answers. */
  | ({ readonly kind: 'abandoned' } & Abandoned)
  /** Nothing has reached the client. */
  | ({
      readonly kind: 'failed'
      readonly verdict: Verdict
      /** The upstream may have done the work: its answer was cut off before its head. */
      readonly ambiguous: boolean
    } & Abandoned)
  | ({ readonly kind: 'crashed'; readonly error: unknown } & Abandoned)

interface Abandoned {
  /** A response that may now be stored upstream although nobody will hear of it. */
  readonly orphanId: string | undefined
}

/** A reply under way: one of stream, JSON and error. */
export interface Reply {
  data(chunk: Uint8Array): void
  end(): void
  /** The id of the answer, as far as it has been told. */
  readonly responseId: string | undefined
  /** The exchange broke, or took too long. */
  broken(verdict: Verdict): void
  /** The attempt is over: give back what is held. */
  dispose(): void
}

/**
 * One upstream exchange: sends the request, hands the answer to the reply of its kind, and settles the lease
 * exactly once, whichever way it ends. Callbacks after the end do nothing.
 */
export class Attempt implements UpstreamListener {
  readonly options: AttemptOptions
  #exchange: UpstreamExchange | undefined
  #reply: Reply | undefined
  #over = false
  /** The upstream has said its last word: there is nothing left to abort. */
  #exchangeOver = false
  #resolve: ((end: AttemptEnd) => void) | undefined
  #cancelTimer: (() => void) | undefined
  readonly #startedMs: number
  #pauses = 0

  constructor(options: AttemptOptions) {
    this.options = options
    this.#startedMs = options.clock.monotonicMs()
  }

  get over(): boolean {
    return this.#over
  }

  run(request: UpstreamRequest): Promise<AttemptEnd> {
    return new Promise(resolve => {
      this.#resolve = resolve
      const { clock, firstTokenTimeoutMs, upstream } = this.options
      if (firstTokenTimeoutMs !== undefined) {
        this.#cancelTimer = clock.schedule(firstTokenTimeoutMs, () => this.guard(() => this.#outOfTime()))
      }
      this.guard(() => {
        const exchange = upstream.send(request, this)
        this.#exchange = exchange
        if (this.#over && !this.#exchangeOver) exchange.abort()
      })
    })
  }

  /** The client is gone: the upstream stops, the slot is free at once. */
  clientLeft(): void {
    if (this.#over) return
    const orphanId = this.#orphan({ ambiguous: true })
    this.#conclude({ kind: 'client_abort' }, undefined, { kind: 'client_left', orphanId })
  }

  /**
   * The request may not go on, for no fault of the account: the upstream stops, the slot is free at once, and the
   * client is told why in the way its answer still allows.
   */
  cut(answer: GatewayError): void {
    if (this.#over) return
    this.guard(() => {
      const verdict: Verdict = { outcome: { kind: 'client_abort' }, mayFailOver: false, answer }
      if (this.#reply === undefined) this.fail(verdict, { ambiguous: true })
      else this.#reply.broken(verdict)
    })
  }

  /** Another attempt of the request answers: the upstream stops, and nothing is said about the account. */
  abandon(): void {
    if (this.#over) return
    const orphanId = this.#orphan({ ambiguous: true })
    this.#conclude(undefined, undefined, { kind: 'abandoned', orphanId })
  }

  head(status: number, headers: HeaderList): void {
    if (this.#over) return
    this.guard(() => {
      this.options.record.upstreamStatus = status
      const limits = rateLimits(headers)
      if (limits !== undefined) this.options.lease.reportLimits(limits)
      this.#reply = this.#replyOf(status, headers)
    })
  }

  data(chunk: Uint8Array): void {
    if (this.#over) return
    try {
      this.#reply?.data(chunk)
    } catch (error) {
      this.#crash(error)
    }
  }

  end(): void {
    if (this.#over) return
    this.#exchangeOver = true
    this.guard(() => {
      if (this.#reply === undefined) this.fail(judgeFault({ kind: 'closed', detail: 'no head' }))
      else this.#reply.end()
    })
  }

  fault(fault: UpstreamFault, progress: { readonly requestSent: boolean }): void {
    if (this.#over) return
    this.#exchangeOver = true
    this.guard(() => {
      this.upstreamSaid('detail' in fault ? `${fault.kind}: ${fault.detail}` : fault.kind)
      const verdict = judgeFault(fault)
      if (this.#reply === undefined) this.fail(verdict, { ambiguous: progress.requestSent })
      else this.#reply.broken(verdict)
    })
  }

  /** What the table of outcomes needs to know. */
  get context(): VerdictContext {
    const { clock, continuesResponse, model, blocks } = this.options
    return { nowWallMs: clock.wallMs(), continuesResponse, model, blocks }
  }

  /** Keeps the upstream's own words for the operator: cleaned, because some repeat the key they refuse. */
  upstreamSaid(message: string): void {
    if (message !== '') this.options.record.upstreamMessage = cleanText(message, { maxChars: 500 })
  }

  /** The model works: the first-token timeout, which is there to find another account in time, is off. */
  modelBegan(): void {
    this.#disarm()
  }

  /** The first output came. */
  firstOutput(): void {
    this.#disarm()
    const { lease, trace, record, clock, receivedAtMs } = this.options
    lease.firstToken()
    const nowMs = clock.monotonicMs()
    record.firstTokenMs ??= nowMs - this.#startedMs
    trace.ttftMs ??= nowMs - receivedAtMs
  }

  /** The upstream waits until every pause has been taken back. */
  pause(): void {
    if (this.#pauses++ === 0) this.#exchange?.pause()
  }

  resume(): void {
    if (--this.#pauses === 0) this.#exchange?.resume()
  }

  begin(status: number, headers: HeaderList): void {
    const { outbound, trace, record, claim, onCommit } = this.options
    if (claim !== undefined && !claim()) {
      this.abandon()
      // Out of the reply's own step, which would write and end what is not its to answer.
      throw new Error('Another attempt answers this request.')
    }
    record.answered = true
    trace.status = status
    outbound.begin(status, headers)
    outbound.onDrain(this.#onDrain)
    onCommit()
  }

  write(chunk: Uint8Array): void {
    const { outbound, trace } = this.options
    trace.bytesOut += chunk.length
    if (outbound.write(chunk) || this.#clientSlow) return
    this.#clientSlow = true
    this.pause()
  }

  #clientSlow = false
  readonly #onDrain = (): void => {
    if (!this.#clientSlow) return
    this.#clientSlow = false
    this.guard(() => this.resume())
  }

  /** Nothing has reached the client, and this upstream will not be the one to answer. */
  fail(verdict: Verdict, options: { readonly ambiguous?: boolean } = {}): void {
    if (this.#over) return
    this.#giveUp(verdict, verdict.outcome, options.ambiguous ?? false)
  }

  /** The gateway itself cannot go on, and nothing has reached the client: says nothing about the account. */
  failHere(answer: GatewayError): void {
    if (this.#over) return
    this.#giveUp({ outcome: { kind: 'client_error' }, mayFailOver: false, answer }, undefined, false)
  }

  /** Binds what the answer tells to the account's state domain. Throws, or rejects, when the store fails. */
  bind(keys: readonly string[]): void | Promise<void> {
    const { lease, binds, record } = this.options
    record.told ??= keys.find(isResponseKey)
    return binds.ttlMs === undefined ? lease.bind(keys) : lease.bind(keys, { ttlMs: binds.ttlMs })
  }

  /** Nothing has reached the client, and what the answer tells is not bound: see {@link judgeBinding}. */
  failBinding(cause: unknown): void {
    const verdict = judgeBinding(cause)
    if (verdict === undefined) this.failHere(new GatewayError('state_unavailable', { cause }))
    else this.fail(verdict)
  }

  /** The client has all it will get. `undefined` says nothing about the account. */
  finish(outcome: Outcome | undefined, usage: Usage | undefined, code?: ErrorCode): void {
    if (this.#over) return
    this.options.record.errorCode = code
    this.#conclude(outcome, usage, { kind: 'answered', status: this.options.trace.status })
  }

  #replyOf(status: number, headers: HeaderList): Reply {
    if (status >= 300) {
      this.#disarm()
      return new ErrorReply(this, status, headers)
    }
    const type = headerValue(headers, 'content-type')?.toLowerCase() ?? ''
    const encoding = headerValue(headers, 'content-encoding')
    if (encoding === undefined || encoding.toLowerCase() === 'identity') {
      if (this.options.relays === 'bytes' || status === 204) {
        this.#disarm()
        return new BytesReply(this, status, headers)
      }
      if (type.startsWith('text/event-stream')) return new StreamReply(this, status, headers)
      if (/^application\/([\w.-]+\+)?json\b/.test(type)) {
        this.#disarm()
        return new JsonReply(this, status, headers)
      }
      if (this.options.relays === 'any') {
        this.#disarm()
        return new BytesReply(this, status, headers)
      }
    }
    const given = encoding ?? (type === '' ? 'none' : type)
    this.fail(judgeBadAnswer('upstream_bad_content_type', { values: { given } }))
    return nothing
  }

  #outOfTime(): void {
    this.#cancelTimer = undefined
    if (this.#over) return
    if (this.#reply === undefined) this.fail(judgeFirstTokenTimeout(), { ambiguous: true })
    else this.#reply.broken(judgeFirstTokenTimeout())
  }

  #giveUp(verdict: Verdict, outcome: Outcome | undefined, ambiguous: boolean): void {
    if (verdict.answer !== 'relay') this.options.record.errorCode = verdict.answer.code
    const orphanId = this.#orphan({ ambiguous })
    this.#conclude(outcome, undefined, { kind: 'failed', verdict, ambiguous, orphanId })
  }

  /**
   * Notes whether the upstream may now store what nobody will hear of, and says its id if that is known. `ambiguous`
   * decides while there is no head; a head that refuses says that nothing is stored.
   */
  #orphan({ ambiguous }: { readonly ambiguous: boolean }): string | undefined {
    const { binds, outbound, record } = this.options
    if (binds.answer === undefined || outbound.begun) return undefined
    record.orphaned = record.upstreamStatus === undefined ? ambiguous : record.upstreamStatus < 300
    return this.#reply?.responseId
  }

  #conclude(outcome: Outcome | undefined, usage: Usage | undefined, end: AttemptEnd): void {
    this.#over = true
    this.#disarm()
    if (!this.#exchangeOver) this.#exchange?.abort()
    this.#reply?.dispose()
    const { lease, record, trace, clock } = this.options
    record.outcome = outcome?.kind
    record.durationMs = clock.monotonicMs() - this.#startedMs
    if (usage !== undefined) trace.usage = usage
    if (outcome === undefined) lease[Symbol.dispose]()
    else lease.settle(usage === undefined ? { outcome } : { outcome, usage })
    this.#resolve?.(end)
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** Runs a step that a timer, a promise or the upstream begins: what it throws ends this attempt, nothing else. */
  guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#crash(error)
    }
  }

  /** A fault of ours: it must reach neither the upstream client's loop nor the account's record. */
  #crash(error: unknown): void {
    if (this.#over) return
    const orphanId = this.#orphan({ ambiguous: true })
    this.#conclude(undefined, undefined, { kind: 'crashed', error, orphanId })
  }
}

const nothing: Reply = { responseId: undefined, data() {}, end() {}, broken() {}, dispose() {} }
