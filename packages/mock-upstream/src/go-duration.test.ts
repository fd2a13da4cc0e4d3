import { expect, it } from 'vitest'
import { formatGoDuration } from './go-duration.ts'

it.each([
  [0, '0s'],
  [120, '120ms'],
  [1000, '1s'],
  [8640, '8.64s'],
  [360_000, '6m0s'],
  [62_500, '1m2.5s'],
  [3_600_250, '1h0m0.25s'],
])('prints %d ms as Go does', (milliseconds, text) => {
  expect(formatGoDuration(milliseconds)).toBe(text)
})
