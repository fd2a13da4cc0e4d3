/** `base_url`, `base-url` and `BaseURL` are the same word to a reader. */
const folded = (name: string): string => name.toLowerCase().replace(/[_-]/g, '')

/**
 * The name the writer most likely meant, or undefined when none is close: at most one edit in three letters,
 * ignoring case, `_` and `-`. Costs O(length²) a candidate; names longer than 64 characters match nothing.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined
  const wanted = folded(name)
  const ranked = known
    .map(candidate => ({ candidate, edits: editDistance(wanted, folded(candidate)) }))
    .filter(({ candidate, edits }) => edits <= Math.max(1, Math.floor(folded(candidate).length / 3)))
    .sort((a, b) => a.edits - b.edits)
  return ranked[0]?.candidate
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, substitution)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
