import type { Located } from '@headgate/scheduler'
import { firstStart, nextStart, valueEnd } from '../request/json-walk.ts'
import type { RequestScan } from '../request/scan.ts'
import type { Splice } from '../request/splice.ts'
import type { Reference } from './found-references.ts'

/** A request without what ties it to a domain that is lost. */
export interface Replay {
  readonly kept: readonly Reference[]
  /** Where the items of `input` start that are left out. */
  readonly removed: readonly number[]
}

/**
 * How a request can go on although its owners are gone or lie apart: without the encrypted reasoning of every domain
 * but one, which is that of everything else it names, or else of its latest reasoning that is still somewhere.
 * Undefined when it cannot: something else is lost or apart, something is unknown, or its domain is merely
 * unavailable. A compaction is never left out, because it is what was said.
 */
export function replayOf(references: readonly Reference[], places: readonly Located[]): Replay | undefined {
  let home: string | undefined
  for (const [index, { removable }] of references.entries()) {
    const place = places[index]!
    if (place.kind === 'none' && (removable === undefined || place.reason !== 'owner_gone')) return undefined
    if (place.kind === 'none' || removable !== undefined) continue
    if (home !== undefined && home !== place.domain) return undefined
    home = place.domain
  }
  home ??= places.findLast(place => place.kind === 'located')?.domain
  const kept: Reference[] = []
  const removed: number[] = []
  for (const [index, reference] of references.entries()) {
    const place = places[index]!
    if (place.kind === 'located' && place.domain === home) kept.push(reference)
    else removed.push(...(reference.removable ?? []))
  }
  return { kept, removed }
}

const empty = new Uint8Array(0)

/** Takes the items that start at these places out of `input`, each with one comma. Linear in the length of `input`. */
export function removalsOf(scan: RequestScan, removed: readonly number[]): readonly Splice[] {
  const input = scan.field('input')
  if (removed.length === 0 || input === undefined) return none
  const gone = new Set(removed)
  const { bytes } = scan
  const splices: Splice[] = []
  // Behind the last item kept, and behind the last of all.
  let keptEnd = -1
  let lastEnd = -1
  for (let at = firstStart(bytes, input.start, input.end); at >= 0; ) {
    const end = valueEnd(bytes, at, input.end)
    const next = nextStart(bytes, end, input.end)
    if (!gone.has(at)) keptEnd = end
    else if (next >= 0) splices.push({ start: at, end: next, bytes: empty })
    lastEnd = end
    at = next
  }
  if (keptEnd === lastEnd) return splices
  // The last items go: so does the comma before them, which the one kept last would end with.
  const before = splices.filter(({ start }) => start < keptEnd)
  const from = keptEnd >= 0 ? keptEnd : firstStart(bytes, input.start, input.end)
  return [...before, { start: from, end: lastEnd, bytes: empty }]
}

const none: readonly Splice[] = []
