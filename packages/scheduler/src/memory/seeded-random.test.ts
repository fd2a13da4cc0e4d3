import { describe, expect, it } from 'vitest'
import { createSeededRandom } from './seeded-random.ts'

function draws(seed: number, count: number): number[] {
  const random = createSeededRandom(seed)
  const out = new Uint32Array(2)
  return Array.from({ length: count }).flatMap(() => {
    random.next64(out)
    return [...out]
  })
}

describe('createSeededRandom', () => {
  it('gives the same bits for the same seed', () => {
    expect(draws(42, 100)).toEqual(draws(42, 100))
  })

  it('gives other bits for every other seed, neighbours and high bits included', () => {
    const seeds = [0, 1, 2, 3, -1, 0x100000000, 0x200000000, Number.MAX_SAFE_INTEGER]
    const firsts = seeds.map(seed => draws(seed, 1).join())
    expect(new Set(firsts).size).toBe(seeds.length)
  })

  it('sets every one of the 64 bits about half of the time', () => {
    const count = 4_000
    for (const half of [0, 1]) {
      const values = draws(7, count).filter((_, i) => i % 2 === half)
      for (let bit = 0; bit < 32; bit++) {
        const ones = values.filter(value => (value >>> bit) & 1).length
        // Six standard deviations of a fair coin.
        expect(Math.abs(ones - count / 2)).toBeLessThan(6 * Math.sqrt(count / 4))
      }
    }
  })

  it('refuses a seed that is no safe integer', () => {
    expect(() => createSeededRandom(0.5)).toThrow('seed is 0.5; it must be a safe integer')
  })
})
