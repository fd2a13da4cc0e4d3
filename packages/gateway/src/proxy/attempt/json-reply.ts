import type { HeaderList } from '../../wire/header-list.ts'
import type { GatewayError } from '../errors/errors.ts'
import { ownerKey } from '../ownership/owner-key.ts'
import { type JsonReply as JsonFacts, readJsonId, readJsonReply } from '../tap/json-tap.ts'
import type { Attempt, Reply } from './attempt.ts'
import { joinBytes } from './collect.ts'
import { judgeBadAnswer, judgeInBand, type Verdict } from './outcome.ts'
import { responseHeaders } from './response-headers.ts'

/**
 * A JSON answer: kept until it is complete, so that one that breaks off can still be tried elsewhere. One that
 * grows beyond the buffer is let go once its id is bound; if it breaks off after that, so does the connection.
 */
export class JsonReply implements Reply {
  readonly #attempt: Attempt
  readonly #status: number
  readonly #headers: HeaderList
  #chunks: Uint8Array[] = []
  #size = 0
  #taken = 0
  #id: string | undefined
  #phase: 'gathering' | 'binding' | 'flowing' = 'gathering'
  #ended = false

  constructor(attempt: Attempt, status: number, headers: HeaderList) {
    this.#attempt = attempt
    this.#status = status
    this.#headers = headers
  }

  get responseId(): string | undefined {
    return this.#id ?? readJsonId(headOf(this.#chunks))
  }

  data(chunk: Uint8Array): void {
    if (this.#phase === 'flowing') {
      this.#attempt.write(chunk)
      return
    }
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#phase === 'binding') return
    const { memory, limits } = this.#attempt.options
    const refusal = memory.take(chunk.length)
    if (refusal === undefined) this.#taken += chunk.length
    if (refusal !== undefined) this.#letGo(refusal)
    else if (this.#size > limits.jsonBufferBytes) this.#letGo('too_long')
  }

  end(): void {
    this.#ended = true
    if (this.#phase === 'flowing') this.#finishFlow()
    else if (this.#phase === 'gathering') this.#complete(joinBytes(this.#chunks, this.#size))
  }

  broken(verdict: Verdict): void {
    if (this.#phase !== 'flowing') {
      this.#attempt.fail(verdict)
      return
    }
    // A clean end would make half a document look whole.
    this.#attempt.options.outbound.destroy()
    const code = verdict.answer === 'relay' ? undefined : verdict.answer.code
    this.#attempt.finish(verdict.outcome, undefined, code)
  }

  dispose(): void {
    this.#giveBack()
    this.#chunks = []
  }

  #giveBack(): void {
    this.#attempt.options.memory.give(this.#taken)
    this.#taken = 0
  }

  #complete(body: Uint8Array): void {
    const facts = readJsonReply(body, this.#attempt.options.binds)
    if (facts === undefined) {
      const detail = { values: { detail: 'its body is not one JSON object' } }
      this.#attempt.fail(judgeBadAnswer('upstream_bad_response', detail))
      return
    }
    this.#id = facts.responseId
    // What is stored has an id: without one it is this exchange that failed.
    const tellsOfState = this.#attempt.options.relays === 'state' && facts.responseId !== undefined
    const failure = tellsOfState ? undefined : facts.failure
    const verdict = failure === undefined ? undefined : judgeInBand(failure, this.#attempt.context)
    if (failure !== undefined) this.#attempt.upstreamSaid(failure.message)
    if (verdict !== undefined && verdict.answer !== 'relay') {
      this.#attempt.fail(verdict)
      return
    }
    this.#bindThen(facts.keys, () => this.#answer(body, facts, verdict))
  }

  #answer(body: Uint8Array, facts: JsonFacts, verdict: Verdict | undefined): void {
    this.#begin(body.length)
    this.#attempt.write(body)
    this.#attempt.options.outbound.end()
    this.#attempt.finish(verdict?.outcome ?? { kind: 'ok' }, facts.usage)
  }

  /** Lets go of what is held, because it is too long or because there is no memory for more of it. */
  #letGo(why: 'too_long' | GatewayError): void {
    const { answer } = this.#attempt.options.binds
    this.#id = answer === undefined ? undefined : readJsonId(headOf(this.#chunks))
    if (answer !== undefined && this.#id === undefined) {
      if (why === 'too_long') this.#failWithoutId()
      else this.#attempt.failHere(why)
      return
    }
    const keys = answer === undefined || this.#id === undefined ? undefined : [ownerKey(answer, this.#id)]
    this.#bindThen(keys, () => {
      this.#begin('unknown')
      this.#phase = 'flowing'
      const held = this.#chunks
      this.#chunks = []
      this.#giveBack()
      for (const chunk of held) this.#attempt.write(chunk)
      if (this.#ended) this.#finishFlow()
    })
  }

  #failWithoutId(): void {
    const detail = `${this.#attempt.options.limits.jsonBufferBytes} bytes without an id at the head`
    this.#attempt.fail(judgeBadAnswer('upstream_bad_response', { values: { detail } }))
  }

  #finishFlow(): void {
    this.#attempt.options.outbound.end()
    this.#attempt.finish({ kind: 'ok' }, undefined)
  }

  #begin(length: number | 'unknown'): void {
    const { trace, extraHeaders } = this.#attempt.options
    const headers = responseHeaders(this.#headers, { requestId: trace.requestId, body: length })
    for (const field of extraHeaders) headers.push([field[0], field[1]])
    this.#attempt.begin(this.#status, headers)
  }

  /** The client may use what it is told as soon as it reads it: the binding comes first. */
  #bindThen(keys: readonly string[] | undefined, then: () => void): void {
    if (keys === undefined) {
      then()
      return
    }
    let pending: void | Promise<void>
    try {
      pending = this.#attempt.bind(keys)
    } catch (error) {
      this.#attempt.failBinding(error)
      return
    }
    if (pending === undefined) {
      then()
      return
    }
    this.#phase = 'binding'
    this.#attempt.pause()
    const attempt = this.#attempt
    const bound = (): void => {
      if (attempt.over) return
      then()
      if (!attempt.over) attempt.resume()
    }
    pending.then(
      () => attempt.guard(bound),
      (error: unknown) => attempt.guard(() => attempt.failBinding(error)),
    )
  }
}

/** Enough of the beginning to find an id in. */
function headOf(chunks: readonly Uint8Array[]): Uint8Array {
  const enough: Uint8Array[] = []
  let size = 0
  for (const chunk of chunks) {
    enough.push(chunk)
    size += chunk.length
    if (size >= 4096) break
  }
  return joinBytes(enough, size)
}
