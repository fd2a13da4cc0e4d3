import { clockContract } from '@headgate/scheduler/contract'
import { describe, expect, it } from 'vitest'
import { nodeClock } from './clock.ts'
import { createLoadProbe } from './load-probe.ts'
import { createNodeRandom } from './random.ts'

describe('the clock of this machine', () => {
  const cases = clockContract({
    create: () => nodeClock,
    advance: ms => new Promise(resolve => setTimeout(resolve, ms)),
  })
  for (const { name, run } of cases) it(name, run)

  it('does not fire a very long timer at once', async () => {
    let fired = 0
    const cancels = [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY].map(ms =>
      nodeClock.schedule(ms, () => fired++),
    )
    await new Promise(resolve => setTimeout(resolve, 20))
    for (const cancel of cancels) cancel()
    expect(fired).toBe(0)
  })

  it('fires a timer with a senseless delay at once rather than never', async () => {
    await Promise.all(
      [Number.NaN, -1, Number.NEGATIVE_INFINITY].map(
        ms => new Promise<void>(resolve => void nodeClock.schedule(ms, resolve)),
      ),
    )
  })
})

describe('the chance of this machine', () => {
  it('fills all 64 bits, differently every time, over many refills', () => {
    const random = createNodeRandom()
    const out = new Uint32Array(2)
    const seen = new Set<string>()
    let [anyLow, anyHigh, allLow, allHigh] = [0, 0, -1, -1]
    for (let i = 0; i < 5000; i++) {
      random.next64(out)
      seen.add(`${out[0]}:${out[1]}`)
      anyLow |= out[0]!
      anyHigh |= out[1]!
      allLow &= out[0]!
      allHigh &= out[1]!
    }
    expect(seen.size).toBe(5000)
    expect([anyLow, anyHigh, allLow, allHigh]).toEqual([-1, -1, 0, 0])
  })

  it('draws differently from another one', () => {
    const [a, b] = [new Uint32Array(2), new Uint32Array(2)]
    createNodeRandom().next64(a)
    createNodeRandom().next64(b)
    expect(a).not.toEqual(b)
  })
})

describe('the load probe', () => {
  it('tells a share of the heap and a lag that is not negative', () => {
    const probe = createLoadProbe()
    const { heap, loopLagMs } = probe.read()
    probe.close()
    expect(heap).toBeGreaterThan(0)
    expect(heap).toBeLessThan(1)
    expect(loopLagMs).toBeGreaterThanOrEqual(0)
  })
})
