import { type HeaderList, headerValue } from '../../wire/header-list.ts'
import type { Attempt, Reply } from './attempt.ts'
import type { Verdict } from './outcome.ts'
import { responseHeaders } from './response-headers.ts'

/**
 * An answer of which the gateway reads nothing: a file's content, speech, no content at all. It is relayed from its
 * head on, at the client's pace; one that breaks off ends with a destroyed socket, because a clean end would make a
 * part look whole.
 */
export class BytesReply implements Reply {
  readonly #attempt: Attempt
  readonly responseId = undefined

  constructor(attempt: Attempt, status: number, headers: HeaderList) {
    this.#attempt = attempt
    const { trace, extraHeaders } = attempt.options
    const length = headerValue(headers, 'content-length')
    const body = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : 'unknown'
    const answer = responseHeaders(headers, { requestId: trace.requestId, body })
    for (const field of extraHeaders) answer.push([field[0], field[1]])
    attempt.begin(status, answer)
  }

  data(chunk: Uint8Array): void {
    this.#attempt.write(chunk)
  }

  end(): void {
    this.#attempt.options.outbound.end()
    this.#attempt.finish({ kind: 'ok' }, undefined)
  }

  broken(verdict: Verdict): void {
    this.#attempt.options.outbound.destroy()
    const code = verdict.answer === 'relay' ? undefined : verdict.answer.code
    this.#attempt.finish(verdict.outcome, undefined, code)
  }

  dispose(): void {}
}
