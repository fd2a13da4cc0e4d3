import { editDistance } from '../text/edit-distance.ts'

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
