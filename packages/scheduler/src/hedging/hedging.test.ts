import fc from 'fast-check'
import { expect, it } from 'vitest'
import { HedgeBudget } from './hedge-budget.ts'
import { HedgeDelay } from './hedge-delay.ts'

it('hedges stay within their share of the requests and one, whatever the pattern', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 0.5, noNaN: true }),
      fc.array(fc.nat(3), { maxLength: 300 }),
      (ratio, asked) => {
        const budget = new HedgeBudget()
        let requests = 0
        let hedges = 0
        for (const wanted of asked) {
          budget.requested(ratio)
          requests++
          for (let i = 0; i < wanted; i++) if (budget.tryTake()) hedges++
          expect(hedges).toBeLessThanOrEqual(1 + ratio * requests + 1e-9)
        }
      },
    ),
  )
})

it('a hedge that was not made is saved up, but never more than thirty', () => {
  const budget = new HedgeBudget()
  expect([budget.tryTake(), budget.tryTake()]).toEqual([true, false])
  budget.giveBack()
  expect(budget.tryTake()).toBe(true)
  for (let i = 0; i < 1000; i++) budget.requested(0.5)
  expect(Array.from({ length: 40 }, () => budget.tryTake()).filter(Boolean)).toHaveLength(30)
})

it('a hedge must promise more the fewer are left, and less where it will take less itself', () => {
  const budget = new HedgeBudget()
  for (let i = 0; i < 1000; i++) budget.requested(0.5)
  expect(budget.worthAfterMs(1_000)).toBeCloseTo(400)
  let before = 0
  while (budget.tryTake()) {
    expect(budget.worthAfterMs(1_000)).toBeGreaterThan(before)
    before = budget.worthAfterMs(1_000)
    expect(budget.worthAfterMs(250)).toBeCloseTo(before / 4)
  }
  expect(before).toBeCloseTo(2_400)
})

it('where nothing is expected, late is what 39 of 40 recent streams are not, once there are enough', () => {
  const delay = new HedgeDelay()
  for (let ms = 1; ms < 32; ms++) delay.sample(1000)
  expect(delay.afterMs()).toBeUndefined()
  delay.sample(1000)
  expect(delay.afterMs()).toBe(1000)
  for (let ms = 1; ms <= 256; ms++) delay.sample(ms)
  expect(delay.afterMs()).toBe(Math.ceil(0.975 * 256))
  for (let ms = 1; ms <= 256; ms++) delay.sample(1)
  expect(delay.afterMs()).toBe(50)
})

it('late follows what was expected of each request', () => {
  const delay = new HedgeDelay()
  for (let i = 0; i < 64; i++) delay.sample(2 * (i + 1) * 100, (i + 1) * 100)
  expect(delay.afterMs(1_000)).toBe(2_000)
  expect(delay.afterMs(100)).toBe(200)
})

it('late is one and a half sigmas above the median, the sigma told by the 84th percentile', () => {
  const delay = new HedgeDelay()
  // Median e^0 and 84th percentile e^0.4 times what was expected; the tail tells nothing.
  for (let i = 0; i < 200; i++) {
    const multiple = i % 10 < 6 ? 1 : i % 10 < 9 ? Math.exp(0.4) : 40
    delay.sample(1_000 * multiple, 1_000)
  }
  expect(delay.afterMs(1_000)).toBeCloseTo(1_000 * Math.exp(0.6), 6)
})

it('late is a matter of the many: it stays where it is when one stream in ten takes fifty times as long', () => {
  const [calm, sick] = [new HedgeDelay(), new HedgeDelay()]
  for (let i = 0; i < 256; i++) {
    const ms = 600 + (i % 32) * 25
    calm.sample(ms, 1_000)
    sick.sample(i % 10 === 0 ? 50_000 : ms, 1_000)
  }
  expect(calm.afterMs(1_000)!).toBeGreaterThan(1_300)
  expect(sick.afterMs(1_000)! / calm.afterMs(1_000)!).toBeLessThan(1.2)
})

it('the delay begins anew when a pool comes to say what it expects, or ceases to', () => {
  const delay = new HedgeDelay()
  for (let i = 0; i < 64; i++) delay.sample(900)
  expect(delay.afterMs(500)).toBeUndefined()
  for (let i = 0; i < 32; i++) delay.sample(750, 500)
  expect(delay.afterMs(500)).toBe(750)
  for (let i = 0; i < 32; i++) delay.sample(900)
  expect(delay.afterMs()).toBe(900)
})
