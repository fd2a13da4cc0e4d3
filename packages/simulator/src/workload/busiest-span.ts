/** A stretch of time, both ends within it. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * The most that a replay spans, 31 days: a run looks at the pool every second, so that one line with a wrong clock would
 * make it last for ever.
 */
export const MOST_SPAN_MS = 31 * 86_400_000

/**
 * Where most of some instants are that lie at most {@link MOST_SPAN_MS} apart; the latest such stretch of equals. Takes
 * them in ascending order, in one pass; an empty stretch at 0 when there are none.
 */
export function busiestSpan(sortedMs: readonly number[]): Span {
  let first = 0
  let best = { first: 0, count: 0 }
  for (const [last, atMs] of sortedMs.entries()) {
    while (atMs - sortedMs[first]! > MOST_SPAN_MS) first++
    const count = last - first + 1
    if (count >= best.count) best = { first, count }
  }
  return { fromMs: sortedMs[best.first] ?? 0, toMs: sortedMs[best.first + best.count - 1] ?? 0 }
}
