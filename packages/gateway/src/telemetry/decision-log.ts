import type { Clock, Decision } from '@headgate/scheduler'
import type { AttemptRecord, RequestRecord } from '../proxy/request-record.ts'
import type { Log } from '../runtime/log.ts'
import type { AccountChange } from './account-change.ts'
import { RotatingFile, type RotatingFileOptions } from './rotating-file.ts'

/** Options of {@link createDecisionLog}. */
export interface DecisionLogOptions extends RotatingFileOptions {
  /** Requests that may wait to be written; further ones are dropped and counted. Default 4096. */
  readonly maxWaiting?: number
  /** How long a request waits for others to be written with. Default 200. */
  readonly gatherMs?: number
  readonly clock: Clock
  readonly log: Log
}

/** The file of decisions, for replay and what-if. */
export interface DecisionLog {
  /** Reads the decision of an attempt that begins: a long stream outlives the scheduler's memory of it. */
  began(attempt: AttemptRecord): void
  /** Takes a request that is over, with its decisions. Writes nothing itself. */
  observe(record: RequestRecord): void
  /** Takes a change of an account's state. */
  accountChanged(change: AccountChange): void
  /** Requests that were not written: too many at once, or a disk that failed. */
  readonly dropped: number
  /** Writes what is waiting and closes the file. What comes afterwards is dropped. */
  close(): Promise<void>
}

/** One line of the file. `v` changes when a reader of older lines would misread them. */
export type DecisionLogLine = RequestLine | AccountLine

/** A change of an account's state, among the requests that met it. */
interface AccountLine extends AccountChange {
  readonly v: 1
  readonly kind: 'account'
}

/** A request that is over. */
interface RequestLine {
  readonly v: 1
  readonly kind: 'request'
  /** When the request was over, wall clock. */
  readonly wallMs: number
  readonly request: Omit<RequestRecord, 'attempts' | 'layer' | 'refusal' | 'remoteAddress'>
  readonly attempts: readonly AttemptFacts[]
  /** One a selection, in order, each with what came of it. */
  readonly decisions: readonly Decision[]
}

/** What a line says of an attempt: its decision stands beside it. */
type AttemptFacts = Pick<
  AttemptRecord,
  | 'account'
  | 'decisionId'
  | 'waitedMs'
  | 'outcome'
  | 'upstreamStatus'
  | 'errorCode'
  | 'firstTokenMs'
  | 'durationMs'
  | 'orphaned'
  | 'hedge'
  | 'told'
>

/**
 * Keeps one line of JSON per request: what was asked, every decision with its terms, and how it ended; and one per
 * change of an account's state. No text of
 * any prompt or answer, no key; sessions and owners appear hashed, as the scheduler knows them.
 *
 * The request path only puts objects into a bounded list; they become text and go to disk together, a little
 * later. A disk that fails costs lines, never requests.
 */
export function createDecisionLog(options: DecisionLogOptions): DecisionLog {
  return new FileDecisionLog(options)
}

/** Lines turned into text in one go: bounds how long the loop is held (about 20 us a line). */
const linesPerTurn = 64

class FileDecisionLog implements DecisionLog {
  readonly #options: DecisionLogOptions
  readonly #file: RotatingFile
  #waiting: DecisionLogLine[] = []
  #cancelGathering: (() => void) | undefined
  #writing: Promise<void> | undefined
  #closed = false
  #dropped = 0

  constructor(options: DecisionLogOptions) {
    this.#options = options
    this.#file = new RotatingFile(options)
  }

  get dropped(): number {
    return this.#dropped
  }

  began(attempt: AttemptRecord): void {
    if (!this.#closed) attempt.keepDecision()
  }

  observe(record: RequestRecord): void {
    this.#take(() => this.#lineOf(record))
  }

  accountChanged(change: AccountChange): void {
    this.#take(() => ({ v: 1, kind: 'account', ...change }))
  }

  #take(line: () => DecisionLogLine): void {
    const { maxWaiting = 4096, gatherMs = 200, clock } = this.#options
    if (this.#closed || this.#waiting.length >= maxWaiting) {
      this.#dropped++
      return
    }
    this.#waiting.push(line())
    if (this.#writing !== undefined || this.#cancelGathering !== undefined) return
    this.#cancelGathering = clock.schedule(gatherMs, () => this.#startWriting())
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    this.#startWriting()
    await this.#writing
    await this.#file.close()
  }

  #lineOf(record: RequestRecord): RequestLine {
    return {
      v: 1,
      kind: 'request',
      wallMs: this.#options.clock.wallMs(),
      request: requestFacts(record),
      attempts: record.attempts.map(attemptFacts),
      decisions: decisionsOf(record),
    }
  }

  #startWriting(): void {
    this.#cancelGathering?.()
    this.#cancelGathering = undefined
    if (this.#writing !== undefined || this.#waiting.length === 0) return
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined
    })
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0, linesPerTurn)
      try {
        await this.#file.append(lines.map(line => `${JSON.stringify(line)}\n`).join(''))
      } catch (error) {
        if (this.#dropped === 0)
          this.#options.log.warn({ error }, 'The decision log cannot be written; lines are dropped.')
        this.#dropped += lines.length
      }
    }
  }
}

/** The fields one by one: a record in the making holds more than a record, a lease among it. */
function requestFacts(record: RequestRecord): RequestLine['request'] {
  const { requestId, clientRequestId, method, route, client, tenant, pool, model, stream, status } = record
  const { errorCode, account, decisionId, ttftMs, durationMs, usage, bytesIn, bytesOut, hedge } = record
  const { removedItems } = record
  return {
    ...{ requestId, clientRequestId, method, route, client, tenant, pool, model, stream, status },
    ...{ errorCode, account, decisionId, ttftMs, durationMs, usage, bytesIn, bytesOut, hedge, removedItems },
  }
}

function attemptFacts(attempt: AttemptRecord): AttemptFacts {
  const { account, decisionId, waitedMs, outcome, upstreamStatus } = attempt
  const { errorCode, firstTokenMs, durationMs, orphaned, hedge, answered } = attempt
  // Of two that raced both may have one; the conversation goes on from the answer.
  const told = answered ? attempt.told : undefined
  return {
    ...{ account, decisionId, waitedMs, outcome, upstreamStatus },
    ...{ errorCode, firstTokenMs, durationMs, orphaned, hedge, told },
  }
}

/** Read when each attempt began, so how it ended is added here; only the one that answered can have seen usage. */
function decisionsOf({ attempts, refusal, usage }: RequestRecord): readonly Decision[] {
  const decisions: Decision[] = []
  for (const attempt of attempts) {
    const { decision, outcome, firstTokenMs, durationMs, answered } = attempt
    if (decision === undefined) continue
    decisions.push({
      ...decision,
      outcome,
      firstTokenMs,
      durationMs,
      usage: answered ? usage : undefined,
    })
  }
  if (refusal !== undefined) decisions.push(refusal)
  return decisions
}
