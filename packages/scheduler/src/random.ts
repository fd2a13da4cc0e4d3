import { goTrimEnd, goTrimStart } from './go-trim.ts'
import type { Random } from './ports.ts'

/**
 * The reference draws with 64-bit integers. Here each is two 32-bit halves: BigInt costs 2-7 us a selection,
 * halves 0.2-0.5 us, and the golden vectors prove the results equal.
 */

/** What a request is drawn by. Keys are trimmed of Go's white space; a blank one does not count. */
export interface SeedFacts {
  readonly session: string
  readonly previousResponse: string
  readonly model: string
  /** The group id as decimal text; null is a group of its own. */
  readonly group: string | null
}

/** A reproducible stream of draws: xorshift64* (Vigna, 2016), as the reference has it. Draws allocate nothing. */
export interface SelectionRandom {
  /** Starts the stream of a 64-bit seed; zero, which xorshift cannot leave, stands for the golden ratio's bits. */
  seed(low: number, high: number): void
  /** The next 64 bits: `out[0]` low, `out[1]` high. */
  nextUint64(out: Uint32Array): void
  /** The upper 53 of the next 64 bits as a number in [0, 1), bit for bit the reference's. */
  nextFloat64(): number
  /** The next 64 bits modulo `n` (an integer from 1 to 2^32), exact; biased as the reference's own is. */
  nextBelow(n: number): number
}

/** 2^64 / golden ratio: what the reference takes where a seed would be zero. */
const goldenLow = 0x7f4a7c15 | 0
const goldenHigh = 0x9e3779b9 | 0

/** The multiplier of xorshift64*, 0x2545f4914f6cdd1d, in the pieces the multiplication needs. */
const multiplierHigh = 0x2545f491 | 0
const multiplierLow = 0x4f6cdd1d | 0
const multiplierLow1 = 0x4f6c
const multiplierLow0 = 0xdd1d

/** A generator seeded with zero until `seed` is called. One per scheduler: a draw is never interrupted. */
export function createSelectionRandom(): SelectionRandom {
  let low = goldenLow
  let high = goldenHigh
  // The output of the last step.
  let outLow = 0
  let outHigh = 0

  function step(): void {
    let l = low ^ ((low >>> 12) | (high << 20))
    let h = high ^ (high >>> 12)
    h ^= (h << 25) | (l >>> 7)
    l ^= l << 25
    l ^= (l >>> 27) | (h << 5)
    h ^= h >>> 27
    low = l
    high = h
    // 64 x 64 -> low 64 bits. The carry out of the low halves comes from 16-bit pieces: each sum stays below
    // 2^32, where doubles and `>>>` agree.
    const l0 = l & 0xffff
    const l1 = l >>> 16
    const middle = l1 * multiplierLow0 + ((l0 * multiplierLow0) >>> 16)
    const carry = l1 * multiplierLow1 + (middle >>> 16) + ((l0 * multiplierLow1 + (middle & 0xffff)) >>> 16)
    outLow = Math.imul(l, multiplierLow)
    outHigh = (carry + Math.imul(h, multiplierLow) + Math.imul(l, multiplierHigh)) | 0
  }

  return {
    seed(seedLow, seedHigh) {
      low = seedLow | 0
      high = seedHigh | 0
      if (low === 0 && high === 0) {
        low = goldenLow
        high = goldenHigh
      }
    },
    nextUint64(out) {
      step()
      out[0] = outLow
      out[1] = outHigh
    },
    nextFloat64() {
      step()
      return ((outHigh >>> 0) * 0x200000 + (outLow >>> 11)) / 0x20000000000000
    },
    nextBelow(n) {
      if (!(n >= 1 && n <= 0x100000000)) {
        throw new RangeError(`nextBelow: n is ${n}; it must be an integer from 1 to 2^32`)
      }
      step()
      // Sixteen bits at a time keep every remainder below 2^48, where doubles are exact.
      const upper = ((outHigh >>> 0) % n) * 0x10000 + (outLow >>> 16)
      return ((upper % n) * 0x10000 + (outLow & 0xffff)) % n
    },
  }
}

/** FNV-1a, 64 bits: offset basis 0xcbf29ce484222325, prime 2^40 + 0x1b3. */
const basisLow = 0x84222325 | 0
const basisHigh = 0xcbf29ce4 | 0
const primeLow = 0x1b3

// The hash in progress. Module state, because two halves cannot be returned without allocating; every use
// below begins by setting it and runs to its end without a call to anyone else's code.
let hashLow = 0
let hashHigh = 0

function hashByte(byte: number): void {
  const l = hashLow ^ byte
  const carry = ((l >>> 16) * primeLow + (((l & 0xffff) * primeLow) >>> 16)) >>> 16
  hashHigh = (Math.imul(hashHigh, primeLow) + carry + (l << 8)) | 0
  hashLow = Math.imul(l, primeLow)
}

/** Hashes UTF-8 from the first character that is not ASCII on; a lone surrogate as U+FFFD. */
function hashWide(value: string, start: number, end: number): void {
  for (let i = start; i < end; i++) {
    let code = value.charCodeAt(i)
    if (code < 0x80) {
      hashByte(code)
      continue
    }
    if (code < 0x800) {
      hashByte(0xc0 | (code >> 6))
      hashByte(0x80 | (code & 0x3f))
      continue
    }
    if (code >= 0xd800 && code <= 0xdfff) {
      const next = code <= 0xdbff && i + 1 < end ? value.charCodeAt(i + 1) : 0
      if (next >= 0xdc00 && next <= 0xdfff) {
        i++
        code = 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00)
        hashByte(0xf0 | (code >> 18))
        hashByte(0x80 | ((code >> 12) & 0x3f))
        hashByte(0x80 | ((code >> 6) & 0x3f))
        hashByte(0x80 | (code & 0x3f))
        continue
      }
      code = 0xfffd
    }
    hashByte(0xe0 | (code >> 12))
    hashByte(0x80 | ((code >> 6) & 0x3f))
    hashByte(0x80 | (code & 0x3f))
  }
}

function hashText(value: string, start: number, end: number): void {
  // The bytes are hashed in local variables; the loop is the same step as hashByte's.
  let l = hashLow
  let h = hashHigh
  let i = start
  for (; i < end; i++) {
    const code = value.charCodeAt(i)
    if (code >= 0x80) break
    l ^= code
    const carry = ((l >>> 16) * primeLow + (((l & 0xffff) * primeLow) >>> 16)) >>> 16
    h = (Math.imul(h, primeLow) + carry + (l << 8)) | 0
    l = Math.imul(l, primeLow)
  }
  hashLow = l
  hashHigh = h
  if (i < end) hashWide(value, i, end)
}

/** Hashes a trimmed key and its closing zero byte; answers whether there was anything to hash. */
function hashKey(value: string): boolean {
  const start = goTrimStart(value)
  const end = goTrimEnd(value, start)
  if (start === end) return false
  hashText(value, start, end)
  hashByte(0)
  return true
}

/**
 * The seed a request is drawn by, into `out[0]` (low) and `out[1]` (high): FNV-1a over its keys, so that the
 * same session is drawn alike on every node. Without a session and a previous response there is nothing to stay
 * with, and 64 random bits are mixed in where the reference takes the wall clock.
 *
 * Answers whether the facts alone decide the seed. Well under 0.4 us for a 40-character key, no allocation.
 */
export function deriveSelectionSeed(out: Uint32Array, facts: SeedFacts, random: Random): boolean {
  hashLow = basisLow
  hashHigh = basisHigh
  const hasSession = hashKey(facts.session)
  const hasPrevious = hashKey(facts.previousResponse)
  hashKey(facts.model)
  if (facts.group !== null) hashText(facts.group, 0, facts.group.length)
  let low = hashLow
  let high = hashHigh
  let anchored = hasSession || hasPrevious
  if (!anchored) {
    random.next64(out)
    low ^= out[0]!
    high ^= out[1]!
  }
  if (low === 0 && high === 0) {
    random.next64(out)
    low = out[0]! ^ goldenLow
    high = out[1]! ^ goldenHigh
    anchored = false
  }
  out[0] = low
  out[1] = high
  return anchored
}

/** Two halves as unsigned decimal text, for records that people and other languages read. Allocates. */
export function uint64Text(low: number, high: number): string {
  return ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString()
}
