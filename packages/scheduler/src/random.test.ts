import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createSelectionRandom, deriveSelectionSeed, type SeedFacts, uint64Text } from './random.ts'

interface RngVector {
  readonly seed: string
  readonly uint64: readonly string[]
  readonly float64: readonly number[]
}

interface SeedVector {
  readonly sessionHash: string
  readonly previousResponseId: string
  readonly model: string
  readonly groupId: string | null
  readonly seed: string
}

function vectors<T>(file: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../test/golden/${file}`, import.meta.url), 'utf8'))
}

const mask = 0xffffffffn
const low = (value: bigint) => Number(value & mask)
const high = (value: bigint) => Number(value >> 32n)

/** Chance that hands out the given values in turn and fails when asked for more. */
function chance(...values: bigint[]) {
  return {
    next64(out: Uint32Array) {
      const value = values.shift()
      if (value === undefined) throw new Error('no more random bits were expected to be drawn')
      out[0] = low(value)
      out[1] = high(value)
    },
  }
}

function seedOf(facts: Partial<SeedFacts>, random = chance()): string {
  const out = new Uint32Array(2)
  deriveSelectionSeed(out, { session: '', previousResponse: '', model: '', group: null, ...facts }, random)
  return uint64Text(out[0]!, out[1]!)
}

/** FNV-1a as its definition has it, over bytes made by the platform's own encoder. */
function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return hash
}

describe('createSelectionRandom', () => {
  const random = createSelectionRandom()
  const out = new Uint32Array(2)

  it('draws the integers of the Go reference', () => {
    for (const vector of vectors<RngVector>('rng.json')) {
      random.seed(low(BigInt(vector.seed)), high(BigInt(vector.seed)))
      const drawn = vector.uint64.map(() => {
        random.nextUint64(out)
        return uint64Text(out[0]!, out[1]!)
      })
      expect(drawn).toEqual(vector.uint64)
    }
  })

  it('draws the numbers of the Go reference, bit for bit', () => {
    for (const vector of vectors<RngVector>('rng.json')) {
      random.seed(low(BigInt(vector.seed)), high(BigInt(vector.seed)))
      expect(vector.float64.map(() => random.nextFloat64())).toEqual(vector.float64)
    }
  })

  it('takes the exact remainder of all 64 bits for every divisor up to 2^32', () => {
    for (const vector of vectors<RngVector>('rng.json')) {
      for (const n of [1, 2, 7, 1_000_003, 0x7fffffff, 0xffffffff, 0x100000000]) {
        random.seed(low(BigInt(vector.seed)), high(BigInt(vector.seed)))
        const expected = vector.uint64.map(text => Number(BigInt(text) % BigInt(n)))
        expect(vector.uint64.map(() => random.nextBelow(n))).toEqual(expected)
      }
    }
  })

  it('starts from the golden ratio where the seed is zero', () => {
    random.seed(0, 0)
    const fromZero = random.nextFloat64()
    random.seed(0x7f4a7c15, 0x9e3779b9)
    expect(random.nextFloat64()).toBe(fromZero)
  })

  it('refuses a divisor that leaves nothing to draw from', () => {
    expect(() => random.nextBelow(0)).toThrow('n is 0; it must be an integer from 1 to 2^32')
    expect(() => random.nextBelow(Number.NaN)).toThrow(RangeError)
  })
})

describe('deriveSelectionSeed', () => {
  it('gives the seeds of the Go reference', () => {
    for (const vector of vectors<SeedVector>('selection-seed.json')) {
      const facts = {
        session: vector.sessionHash,
        previousResponse: vector.previousResponseId,
        model: vector.model,
        group: vector.groupId,
      }
      expect(seedOf(facts), JSON.stringify(vector)).toBe(vector.seed)
    }
  })

  it('hashes every UTF-8 length as the platform encodes it, lone surrogates as U+FFFD', () => {
    const texts = [
      '\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}',
      'a\ud800',
      '\ud800\ud800\udc00z',
      '\udc00\udc00',
    ]
    for (const text of texts) {
      expect(seedOf({ session: text }), JSON.stringify(text)).toBe(fnv1a(`${text}\0`).toString())
    }
  })

  it('closes each key that is not blank with a zero byte, and the group with none', () => {
    expect(seedOf({ session: ' s ', previousResponse: '\u0085', model: 'm', group: '-12' })).toBe(
      fnv1a('s\0m\0-12').toString(),
    )
    expect(seedOf({ session: 'ab', model: 'c' })).not.toBe(seedOf({ session: 'a', model: 'bc' }))
  })

  it('mixes in random bits when neither session nor previous response says whom to stay with', () => {
    const bits = 0x0123456789abcdefn
    const out = new Uint32Array(2)
    const facts = { session: ' ', previousResponse: '\u00a0', model: 'm', group: '1' }
    expect(deriveSelectionSeed(out, facts, chance(bits))).toBe(false)
    expect(uint64Text(out[0]!, out[1]!)).toBe((fnv1a('m\x001') ^ bits).toString())
  })

  it('says that an anchored seed is decided by the facts, and draws no random bits for it', () => {
    const out = new Uint32Array(2)
    const facts = { session: '', previousResponse: 'resp_1', model: '', group: null }
    expect(deriveSelectionSeed(out, facts, chance())).toBe(true)
  })

  it('never answers zero', () => {
    const bits = 0xfedcba9876543210n
    expect(seedOf({}, chance(fnv1a(''), bits))).toBe((bits ^ 0x9e3779b97f4a7c15n).toString())
  })
})

describe('uint64Text', () => {
  it('writes unsigned decimal text, whatever the sign of the halves', () => {
    expect(uint64Text(-1, -1)).toBe('18446744073709551615')
    expect(uint64Text(0, 1)).toBe('4294967296')
    expect(uint64Text(0, 0)).toBe('0')
  })
})
