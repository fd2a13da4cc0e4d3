import { randomFillSync } from 'node:crypto'
import type { Random } from '@headgate/scheduler'

/** Words drawn from the operating system at once: 4 KiB cost about as much as 8 bytes do. */
const poolWords = 1024

/**
 * Chance for the scheduler's `Random` port: every word comes from the operating system, fetched in blocks.
 *
 * A draw is two array reads; one in 512 refills the block (about 3 us).
 */
export function createNodeRandom(): Random {
  const pool = new Uint32Array(poolWords)
  let next = poolWords
  return {
    next64(out) {
      if (next >= poolWords) {
        randomFillSync(pool)
        next = 0
      }
      out[0] = pool[next]!
      out[1] = pool[next + 1]!
      next += 2
    },
  }
}
