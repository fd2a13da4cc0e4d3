// A little long: holding, binding, aligning and ending are one state, and splitting it would hide that.

import { hideKnownCredentials } from '../../text/credentials.ts'
import type { HeaderList } from '../../wire/header-list.ts'
import { errorEvent, GatewayError, type StreamFormat } from '../errors/errors.ts'
import type { Binds } from '../ownership/binds.ts'
import { ChatTap } from '../tap/chat-tap.ts'
import { lastEventEnd } from '../tap/event-boundary.ts'
import { badEventStart } from '../tap/event-data.ts'
import type { InBandFailure } from '../tap/failure.ts'
import { PlainTap } from '../tap/plain-tap.ts'
import { ResponsesTap } from '../tap/responses-tap.ts'
import type { StreamTap } from '../tap/stream-tap.ts'
import type { Attempt, Reply } from './attempt.ts'
import { joinBytes } from './collect.ts'
import { type CommitSignal, type CommitState, commitStep } from './commit.ts'
import { judgeBadAnswer, judgeBinding, judgeInBand, type Verdict } from './outcome.ts'
import { responseHeaders } from './response-headers.ts'

const eventEnd = new TextEncoder().encode('\n\n')
const keepalive = new TextEncoder().encode(': keepalive\n\n')

/**
 * A stream of events on its way to the client. Bytes pass untouched, but only in whole events: an event cut by a
 * failure is never shown half, an error event of ours always stands alone, and ids and encrypted
 * content are bound before any byte of the event that tells them.
 */
export class StreamReply implements Reply {
  readonly #attempt: Attempt
  readonly #status: number
  readonly #headers: HeaderList
  readonly #tap: StreamTap
  #state: CommitState = 'holding'
  #begun = false
  #binding: 'idle' | 'pending' = 'idle'
  #upstreamEnded = false
  #tookOutput = false
  /** Bytes not yet relayed, and how many of them end with a whole event. */
  #held: Uint8Array[] = []
  #heldBytes = 0
  #wholeBytes = 0
  #lastByte = 0
  #byteBefore = 0
  #cancelHold: (() => void) | undefined
  #cancelKeepalive: (() => void) | undefined
  /** Something was relayed since the last look. */
  #spoke = true
  /** Bytes counted against the memory of all: those held back before the commit point. */
  #taken = 0

  constructor(attempt: Attempt, status: number, headers: HeaderList) {
    this.#attempt = attempt
    this.#status = status
    this.#headers = headers
    const { dialect, limits, clock, firstTokenTimeoutMs, binds } = attempt.options
    this.#tap = tapOf(dialect, { maxEventBytes: limits.eventBytes, binds })
    this.#signal('head')
    if (this.#state === 'open') this.#begin()
    else if (firstTokenTimeoutMs === undefined) {
      this.#cancelHold = clock.schedule(limits.holdMs, () => attempt.guard(() => this.#holdExpired()))
    }
  }

  /** Unknown to the client until the answer begins. */
  get responseId(): string | undefined {
    return this.#tap.responseId
  }

  data(chunk: Uint8Array): void {
    const tap = this.#tap
    tap.feed(chunk)
    if (tap.began) this.#attempt.modelBegan()
    if (tap.sawOutput && !this.#tookOutput) {
      this.#tookOutput = true
      this.#attempt.firstOutput()
    }
    this.#hold(chunk)
    const { eventBytes } = this.#attempt.options.limits
    if (tap.overflowed || this.#heldBytes - this.#wholeBytes > eventBytes) {
      this.#flush()
      this.broken(judgeBadAnswer('upstream_event_too_long', { values: { limit: eventBytes } }))
      return
    }
    if (this.#state === 'holding' && !this.#advance()) return
    // A model that has not begun after megabytes of announcements is not worth the memory of holding it back.
    if (this.#state === 'holding' && (this.#heldBytes > 2 * eventBytes || !this.#affordable(chunk.length))) {
      this.#signal('hold_expired')
    }
    if (tap.badEvent) this.#endAtBadEvent()
    else this.#flush()
  }

  end(): void {
    this.#upstreamEnded = true
    const tap = this.#tap
    tap.end()
    // An event cut short says that the stream was cut, not that the model began.
    const ended = tap.terminal !== undefined || tap.failure !== undefined
    if (ended && this.#state === 'holding' && !this.#advance()) return
    this.#conclude()
  }

  /** What the upstream has said of its own end goes before whatever broke afterwards. */
  broken(verdict: Verdict): void {
    const tap = this.#tap
    if (tap.terminal !== undefined || tap.failure !== undefined) {
      this.end()
      return
    }
    this.#fail(verdict)
  }

  dispose(): void {
    this.#cancelHold?.()
    this.#cancelHold = undefined
    this.#cancelKeepalive?.()
    this.#held = []
    this.#giveBack()
  }

  #holdExpired(): void {
    this.#cancelHold = undefined
    this.#signal('hold_expired')
    this.#flush()
  }

  /** Counts what is held back against the memory of all; false when there is no more. */
  #affordable(bytes: number): boolean {
    if (this.#attempt.options.memory.take(bytes) !== undefined) return false
    this.#taken += bytes
    return true
  }

  #giveBack(): void {
    this.#attempt.options.memory.give(this.#taken)
    this.#taken = 0
  }

  /** A client's parser would break on the event: what came before it is relayed, itself and the rest are not. */
  #endAtBadEvent(): void {
    const bytes = joinBytes(this.#held, this.#heldBytes)
    const good = bytes.subarray(0, badEventStart(bytes))
    this.#held = good.length === 0 ? [] : [good]
    this.#heldBytes = good.length
    this.#wholeBytes = good.length
    this.#flush()
    this.broken(judgeBadAnswer('upstream_bad_event'))
  }

  #hold(chunk: Uint8Array): void {
    const { length } = chunk
    if (length === 0) return
    const end = lastEventEnd(chunk, this.#byteBefore, this.#lastByte)
    if (end > 0) this.#wholeBytes = this.#heldBytes + end
    this.#byteBefore = length > 1 ? chunk[length - 2]! : this.#lastByte
    this.#lastByte = chunk[length - 1]!
    this.#held.push(chunk)
    this.#heldBytes += length
  }

  #signal(signal: CommitSignal): void {
    this.#state = commitStep(this.#state, signal, this.#attempt.options.commit)
    if (this.#state !== 'holding') {
      this.#cancelHold?.()
      this.#cancelHold = undefined
    }
  }

  /** Moves the commit point by what the tap has seen; false when the attempt is over. */
  #advance(): boolean {
    const tap = this.#tap
    if (tap.began) {
      this.#signal('began')
    } else if (tap.failure !== undefined) {
      const verdict = judgeInBand(tap.failure, this.#attempt.context)
      this.#attempt.upstreamSaid(tap.failure.message)
      if (verdict.answer === 'relay' && repeatsCredential(tap.failure)) {
        this.#signal('account_failure')
        const detail = 'it repeats a credential'
        this.#attempt.fail(judgeBadAnswer('upstream_bad_response', { values: { detail } }))
        return false
      }
      if (verdict.answer !== 'relay') {
        this.#signal('account_failure')
        this.#attempt.fail(verdict)
        return false
      }
      this.#signal('request_failure')
    } else if (tap.sawEvent) {
      this.#signal('lifecycle')
    }
    return true
  }

  #begin(): void {
    const { trace, extraHeaders } = this.#attempt.options
    const headers = responseHeaders(this.#headers, { requestId: trace.requestId, body: 'stream' })
    for (const field of extraHeaders) headers.push([field[0], field[1]])
    this.#begun = true
    this.#giveBack()
    this.#attempt.begin(this.#status, headers)
    this.#watchSilence()
  }

  /**
   * Looks now and then whether anything was relayed, and sends a comment when nothing was: parsers skip it, and proxies
   * on the way, which cut what is silent for a minute, see a connection in use. What is relayed ends with a whole
   * event, so a comment never lands inside one. One timer a stream, nothing a chunk.
   */
  #watchSilence(): void {
    const { clock, limits } = this.#attempt.options
    if (limits.keepaliveMs === undefined) return
    this.#cancelKeepalive = clock.schedule(limits.keepaliveMs, () => {
      this.#attempt.guard(() => {
        if (!this.#spoke) this.#attempt.write(keepalive)
        this.#spoke = false
        this.#watchSilence()
      })
    })
  }

  /** Relays the whole events held, once the client may hear them and what they tell is bound. */
  #flush(): void {
    if (this.#state !== 'open' || this.#wholeBytes === 0 || !this.#bound()) return
    if (!this.#begun) this.#begin()
    this.#spoke = true
    const held = this.#held
    const whole = this.#wholeBytes
    this.#wholeBytes = 0
    this.#heldBytes -= whole
    if (held.length === 1 && held[0]!.length === whole) {
      this.#held = []
      this.#attempt.write(held[0]!)
      return
    }
    this.#held = []
    let left = whole
    for (const chunk of held) {
      const now = Math.min(left, chunk.length)
      if (now > 0) this.#attempt.write(now === chunk.length ? chunk : chunk.subarray(0, now))
      if (now < chunk.length) this.#held.push(now === 0 ? chunk : chunk.subarray(now))
      left -= now
    }
  }

  /** Binds what the whole events held tell, as one batch; true when nothing is waiting to be bound. */
  #bound(): boolean {
    if (this.#binding === 'pending') return false
    const keys = this.#tap.told.take()
    if (keys === undefined) return true
    let pending: void | Promise<void>
    try {
      pending = this.#attempt.bind(keys)
    } catch (error) {
      this.#bindingFailed(error)
      return false
    }
    if (pending === undefined) return true
    this.#binding = 'pending'
    this.#attempt.pause()
    const attempt = this.#attempt
    pending.then(
      () => attempt.guard(() => this.#bindingDone()),
      (error: unknown) => attempt.guard(() => this.#bindingFailed(error)),
    )
    return false
  }

  #bindingDone(): void {
    if (this.#attempt.over) return
    this.#binding = 'idle'
    if (this.#upstreamEnded) {
      this.#conclude()
      return
    }
    this.#flush()
    this.#attempt.resume()
  }

  #bindingFailed(error: unknown): void {
    if (this.#attempt.over) return
    if (!this.#begun) {
      this.#attempt.failBinding(error)
      return
    }
    const verdict = judgeBinding(error)
    if (verdict !== undefined) {
      this.#fail(verdict)
      return
    }
    const { log, trace } = this.#attempt.options
    const answer = new GatewayError('state_unavailable', { cause: error })
    log.error({ requestId: trace.requestId, errorCode: answer.code, error }, answer.message)
    this.#endWithError(answer, undefined)
  }

  /** The upstream is done. Without an end of its own in the stream, it was cut off. */
  #conclude(): void {
    const tap = this.#tap
    if (tap.terminal === undefined && tap.failure === undefined) {
      this.#flush()
      if (this.#binding !== 'pending') this.#fail(judgeBadAnswer('upstream_truncated'))
      return
    }
    // The last event may lack its blank line; the client's parser should see it as ours did.
    if (this.#wholeBytes < this.#heldBytes) {
      this.#hold(eventEnd)
      this.#wholeBytes = this.#heldBytes
    }
    this.#flush()
    if (this.#attempt.over || this.#binding === 'pending') return
    this.#attempt.options.outbound.end()
    const verdict = tap.failure === undefined ? undefined : judgeInBand(tap.failure, this.#attempt.context)
    const code = verdict === undefined || verdict.answer === 'relay' ? undefined : verdict.answer.code
    this.#attempt.finish(verdict?.outcome ?? { kind: 'ok' }, tap.usage, code)
  }

  #fail(verdict: Verdict): void {
    if (this.#attempt.over) return
    if (!this.#begun) {
      this.#attempt.fail(verdict)
      return
    }
    const error = verdict.answer === 'relay' ? new GatewayError('upstream_truncated') : verdict.answer
    this.#endWithError(error, verdict)
  }

  /** An event half sent is not: the error event begins where the last whole one ended. */
  #endWithError(error: GatewayError, verdict: Verdict | undefined): void {
    const { dialect, outbound } = this.#attempt.options
    this.#attempt.write(errorEvent(dialect, error, this.#tap.nextSequence()))
    outbound.end()
    this.#attempt.finish(verdict?.outcome, this.#tap.usage, error.code)
  }
}

function tapOf(
  dialect: StreamFormat,
  options: { readonly maxEventBytes: number; readonly binds: Binds },
): StreamTap {
  if (dialect === 'chat') return new ChatTap(options)
  return dialect === 'responses' ? new ResponsesTap(options) : new PlainTap(options)
}

/** Some upstreams repeat the key that they were shown. */
function repeatsCredential({ code, message }: InBandFailure): boolean {
  const text = `${code} ${message}`
  return hideKnownCredentials(text) !== text
}
