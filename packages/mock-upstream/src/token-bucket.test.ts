import { expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

it('is full at first and refills evenly over a minute', () => {
  const bucket = new TokenBucket(60, 0)
  bucket.take(60, 0)
  expect(bucket.remaining(0)).toBe(0)
  expect(bucket.remaining(999)).toBe(0)
  expect(bucket.remaining(1000)).toBe(1)
  expect(bucket.remaining(600_000)).toBe(60)
})

it('says exactly how long to wait', () => {
  const bucket = new TokenBucket(60, 0)
  bucket.take(58, 0)
  expect(bucket.waitFor(2, 0)).toBe(0)
  expect(bucket.waitFor(5, 0)).toBe(3000)
  expect(bucket.waitFor(5, 2999)).toBe(1)
  expect(bucket.waitFor(5, 3000)).toBe(0)
  expect(bucket.fullIn(3000)).toBe(55_000)
})

it('never holds more than its limit', () => {
  expect(new TokenBucket(10, 0).waitFor(11, 1e9)).toBe(Number.POSITIVE_INFINITY)
})
