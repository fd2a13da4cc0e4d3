import type { Random } from '../ports.ts'

/**
 * Chance that repeats itself: the same seed gives the same bits, on every machine. For tests, the simulator
 * and replays; it keeps no secret.
 *
 * sfc32 (Doty-Humphrey's Small Fast Counting generator, which passes PractRand): 32-bit operations only, and
 * its twelve warm-up rounds make neighbouring seeds unlike. The seed is any safe integer.
 */
export function createSeededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`createSeededRandom: seed is ${seed}; it must be a safe integer`)
  }
  let a = 0
  let b = seed | 0
  let c = Math.floor(seed / 0x100000000) | 0
  let counter = 1

  function next32(): number {
    const out = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + out) | 0
    return out
  }

  for (let round = 0; round < 12; round++) next32()
  return {
    next64(out) {
      out[0] = next32()
      out[1] = next32()
    },
  }
}
