import { hasRoom } from '../columns/columns.ts'
import type { Sampler } from './sampler.ts'

/**
 * The power of d choices: d accounts drawn at random. The best of twelve is as good as the best of all (measured, with
 * the warm ones added), and unlike the best of all it does not draw every gateway to the same account at once.
 *
 * Accounts with room come first: a random place, then onwards from there, at most {@link LOOK} x d looked at. Where that
 * finds too few, full ones fill up, so that whoever has to wait knows what for.
 *
 * Source: Mitzenmacher, The Power of Two Choices in Randomized Load Balancing (2001).
 */
export function randomFew(d: number): Sampler {
  return {
    name: `random-${d}`,
    wholeBelow: d + LOOK,
    sample(members, columns, open, random, out, have) {
      const size = members.length
      const { usable } = columns
      let n = have
      const most = Math.min(size, LOOK * d)
      for (let looked = 0; looked < most && n < have + d; looked++) {
        const row = members[random.nextBelow(size)]!
        if ((usable[row]! & open) !== open || holds(out, n, row)) continue
        if (hasRoom(columns, row)) out[n++] = row
      }
      // All looked full: walk on from a random place, so that an idle account is found wherever it is.
      if (n === have) {
        const start = random.nextBelow(size)
        for (let i = 0; i < size && n < have + d; i++) {
          const row = members[(start + i) % size]!
          if ((usable[row]! & open) === open && hasRoom(columns, row) && !holds(out, n, row)) out[n++] = row
        }
      }
      for (let looked = 0; looked < d && n < have + d; looked++) {
        const row = members[random.nextBelow(size)]!
        if ((usable[row]! & open) === open && !holds(out, n, row)) out[n++] = row
      }
      return n
    },
  }
}

/** Draws are cheap beside scoring: so many are made for each account wanted. */
const LOOK = 4

function holds(rows: Int32Array, n: number, row: number): boolean {
  for (let i = 0; i < n; i++) if (rows[i] === row) return true
  return false
}
