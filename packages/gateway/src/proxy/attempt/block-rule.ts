import type { InBandFailure } from '../tap/failure.ts'

/** An operator's rule: answers like this one mean that the account must be left alone for so long. */
export interface BlockRule {
  /** The status an upstream answers with. */
  readonly status: number
  /** In lower case; one of them occurs in the error's code, type or message, or in a body that is no JSON. None: any answer. */
  readonly words: readonly string[]
  readonly forMs: number
}

/** The longest rest that a rule asks for after such an answer, in milliseconds; undefined when none does. */
export function blockedForMs(
  rules: readonly BlockRule[],
  answer: {
    readonly status: number
    readonly failure: InBandFailure | undefined
    readonly text: string | undefined
  },
): number | undefined {
  let longestMs: number | undefined
  for (const { status, words, forMs } of rules) {
    if (status !== answer.status || !(words.length === 0 || saysOne(words, answer))) continue
    longestMs = Math.max(longestMs ?? 0, forMs)
  }
  return longestMs
}

function saysOne(
  words: readonly string[],
  { failure, text = '' }: { readonly failure: InBandFailure | undefined; readonly text: string | undefined },
): boolean {
  const said = failure === undefined ? text : `${failure.code} ${failure.type} ${failure.message}`
  const lower = said.toLowerCase()
  return words.some(word => lower.includes(word))
}
