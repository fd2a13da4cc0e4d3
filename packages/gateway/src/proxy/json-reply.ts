import type { Attempt, Reply } from './attempt.ts'
import { joinBytes } from './collect.ts'
import type { HeaderList } from './exchange.ts'
import { judgeBadAnswer, judgeInBand, type Verdict } from './outcome.ts'
import { responseKey } from './owner-key.ts'
import { responseHeaders } from './response-headers.ts'
import { type JsonReply as JsonFacts, readJsonId, readJsonReply } from './tap/json-tap.ts'

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
  #phase: 'gathering' | 'binding' | 'flowing' = 'gathering'
  #ended = false

  constructor(attempt: Attempt, status: number, headers: HeaderList) {
    this.#attempt = attempt
    this.#status = status
    this.#headers = headers
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
    const fits = memory.tryTake(chunk.length)
    if (fits) this.#taken += chunk.length
    if (!fits || this.#size > limits.jsonBufferBytes) this.#letGo()
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
    this.#attempt.options.memory.give(this.#taken)
    this.#taken = 0
    this.#chunks = []
  }

  #complete(body: Uint8Array): void {
    const facts = readJsonReply(body)
    if (facts === undefined) {
      const detail = { values: { detail: 'its body is not one JSON object' } }
      this.#attempt.fail(judgeBadAnswer('upstream_bad_response', detail))
      return
    }
    const verdict =
      facts.failure === undefined ? undefined : judgeInBand(facts.failure, this.#attempt.context)
    if (facts.failure !== undefined) this.#attempt.upstreamSaid(facts.failure.message)
    if (verdict !== undefined && verdict.answer !== 'relay') {
      this.#attempt.fail(verdict, { orphanId: facts.responseId })
      return
    }
    this.#bindThen(facts.responseId, () => this.#answer(body, facts, verdict))
  }

  #answer(body: Uint8Array, facts: JsonFacts, verdict: Verdict | undefined): void {
    this.#begin(body.length)
    this.#attempt.write(body)
    this.#attempt.options.outbound.end()
    this.#attempt.finish(verdict?.outcome ?? { kind: 'ok' }, facts.usage)
  }

  #letGo(): void {
    const { bindsIds, limits } = this.#attempt.options
    const id = bindsIds ? readJsonId(headOf(this.#chunks)) : undefined
    if (bindsIds && id === undefined) {
      const detail = `${limits.jsonBufferBytes} bytes without an id at the head`
      this.#attempt.fail(judgeBadAnswer('upstream_bad_response', { values: { detail } }))
      return
    }
    this.#bindThen(id, () => {
      this.#begin('unknown')
      this.#phase = 'flowing'
      const held = this.#chunks
      this.#chunks = []
      for (const chunk of held) this.#attempt.write(chunk)
      if (this.#ended) this.#finishFlow()
    })
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

  /** The client may use the id as soon as it reads it: the binding comes first. */
  #bindThen(id: string | undefined, then: () => void): void {
    const { bindsIds, lease } = this.#attempt.options
    if (!bindsIds || id === undefined) {
      then()
      return
    }
    let pending: void | Promise<void>
    try {
      pending = lease.bind([responseKey(id)])
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
    pending.then(
      () => {
        if (this.#attempt.over) return
        then()
        if (!this.#attempt.over) this.#attempt.resume()
      },
      (error: unknown) => this.#attempt.failBinding(error),
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
