import { type Columns, hasRoom, OPEN } from '../columns/columns.ts'
import type { Sampler } from './sampler.ts'

/** Draws are cheap beside scoring: so many are made for each account wanted. */
const DRAWS = 4
/** Where a set is nearly full, so many rows are walked over; who must find the last free one looks through the set. */
const WALK = 256
/** A set this little larger than what would be drawn of it is compared whole. */
const BARELY_LARGER = 4

/**
 * The power of d choices: d accounts drawn at random. The best of twelve is as good as the best of all (measured, with
 * the warm ones added), and unlike the best of all it does not draw every gateway to the same account at once.
 *
 * Accounts with room come first: {@link DRAWS} draws for each that is wanted and, where all of those looked full, a walk
 * over {@link WALK} from a random place on. Full ones fill up where too few are found, so that whoever has to wait knows what
 * for.
 *
 * Source: Mitzenmacher, The Power of Two Choices in Randomized Load Balancing (2001).
 */
export function randomFew(d: number): Sampler {
  return {
    name: `random-${d}`,
    d,
    wholeBelow: d + BARELY_LARGER,
    sample(members, want, columns, random, out, have) {
      const size = members.length
      const most = have + want
      let n = have
      for (let draws = Math.min(size, DRAWS * want); draws > 0 && n < most; draws--) {
        const row = members[random.nextBelow(size)]!
        if (isOpen(columns, row) && !holds(out, n, row) && hasRoom(columns, row)) out[n++] = row
      }
      if (n === have) {
        const start = random.nextBelow(size)
        for (let i = 0; i < Math.min(size, WALK) && n < most; i++) {
          const row = members[(start + i) % size]!
          if (isOpen(columns, row) && !holds(out, n, row) && hasRoom(columns, row)) out[n++] = row
        }
      }
      for (let draws = want; draws > 0 && n < most; draws--) {
        const row = members[random.nextBelow(size)]!
        if (isOpen(columns, row) && !holds(out, n, row)) out[n++] = row
      }
      return n
    },
  }
}

function isOpen({ usable }: Columns, row: number): boolean {
  return (usable[row]! & OPEN) !== 0
}

function holds(rows: Int32Array, n: number, row: number): boolean {
  for (let i = 0; i < n; i++) if (rows[i] === row) return true
  return false
}
