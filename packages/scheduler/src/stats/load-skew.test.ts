import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadSkewByMoments } from './load-skew.ts'

function skewOf(rates: readonly number[]): number {
  let sum = 0
  let sumOfSquares = 0
  for (const rate of rates) {
    sum += rate
    sumOfSquares += rate * rate
  }
  return loadSkewByMoments(sum, sumOfSquares, rates.length)
}

describe('loadSkewByMoments', () => {
  it('gives the numbers of the Go reference, bit for bit', () => {
    const vectors: { loadRates: number[]; skew: number }[] = JSON.parse(
      readFileSync(new URL('../../test/golden/load-skew.json', import.meta.url), 'utf8'),
    )
    expect(vectors.map(vector => skewOf(vector.loadRates))).toEqual(vectors.map(vector => vector.skew))
  })

  it('is 0 without two candidates to differ', () => {
    expect(skewOf([])).toBe(0)
    expect(skewOf([70])).toBe(0)
  })

  it('is 0 where rounding makes the variance of equal rates negative', () => {
    const rates = [0.1, 0.1, 0.1]
    const mean = (0.1 + 0.1 + 0.1) / 3
    expect((0.1 * 0.1 * 3) / 3 - mean * mean).toBeLessThan(0)
    expect(loadSkewByMoments(0.1 + 0.1 + 0.1, 0.1 * 0.1 * 3, rates.length)).toBe(0)
  })

  it('is the population standard deviation', () => {
    expect(skewOf([0, 100])).toBe(50)
  })
})
