import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOutages } from './outage.ts'

const scope = { pool: 'default', tenant: 'team', model: 'gpt-5.1' }

/** Offers requests at a steady rate to accounts that fail, or answer, at once; answers how many were sent and served. */
function world() {
  let nowMs = 0
  const outages = createOutages({ monotonicMs: () => nowMs } as never)
  return {
    outages,
    run(seconds: number, perSecond: number, healthy: (nowMs: number) => boolean) {
      const seen = { offered: 0, sent: 0, served: 0 }
      for (const endMs = nowMs + seconds * 1000; nowMs < endMs; nowMs += 1000 / perSecond) {
        seen.offered++
        const outage = outages.of(scope)
        if (outage?.refuses()) continue
        seen.sent++
        outage?.sent()
        if (healthy(nowMs)) {
          seen.served++
          outage?.answered()
        } else {
          outages.failed(scope, { kind: 'server_error' })
        }
        outage?.over()
      }
      return seen
    },
  }
}

describe('while every account fails', () => {
  it('a tenth of what is offered is sent, once ten seconds have shown it', () => {
    const { run } = world()
    run(10, 200, () => false)
    const { offered, sent } = run(50, 200, () => false)
    expect(sent).toBeLessThanOrEqual(0.1 * offered + 1)
    expect(sent).toBeGreaterThan(0.05 * offered)
  })

  it('everything is served again within ten seconds of the recovery', () => {
    const { run } = world()
    run(60, 200, () => false)
    run(10, 200, () => true)
    const { offered, served } = run(10, 200, () => true)
    expect(served / offered).toBeGreaterThanOrEqual(0.95)
  })

  it('a handful of requests is always sent', () => {
    const { run } = world()
    const { offered, sent } = run(60, 1, () => false)
    expect(sent).toBe(offered)
  })
})

describe('nothing is turned away', () => {
  it('while more than half is answered', () => {
    const { run } = world()
    let turn = 0
    const { offered, sent } = run(60, 100, () => ++turn % 3 !== 0)
    expect(sent).toBe(offered)
  })

  it('while requests are under way that may be thinking', () => {
    const { outages } = world()
    outages.failed(scope, { kind: 'timeout' })
    const outage = outages.of(scope)!
    for (let count = 0; count < 100; count++) outage.sent()
    for (let count = 0; count < 90; count++) outages.failed(scope, { kind: 'timeout' })
    for (let count = 0; count < 100; count++) expect(outage.refuses()).toBe(false)
  })

  it('for limits, refusals and mistakes, nor for another model, pool or tenant', () => {
    const { outages } = world()
    for (const kind of [
      'rate_limited',
      'overloaded',
      'auth_broken',
      'client_error',
      'client_abort',
    ] as const) {
      for (let count = 0; count < 100; count++) outages.failed(scope, { kind })
    }
    expect(outages.of(scope)).toBeUndefined()
    for (let count = 0; count < 100; count++) outages.failed(scope, { kind: 'server_error' })
    expect(outages.of({ ...scope, model: 'gpt-4o' })).toBeUndefined()
    expect(outages.of({ ...scope, pool: 'other' })).toBeUndefined()
    expect(outages.of({ ...scope, tenant: 'other' })).toBeUndefined()
  })
})

it('whatever fails and heals, one in ten is sent, and a thousand models are remembered', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 10, maxLength: 60 }), healthy => {
      const { run } = world()
      for (const well of healthy) {
        const { offered, sent } = run(1, 50, () => well)
        expect(sent).toBeGreaterThanOrEqual(Math.floor(offered / 10))
      }
    }),
    { numRuns: 50 },
  )
  const { outages } = world()
  for (let model = 0; model < 5000; model++)
    outages.failed({ ...scope, model: `m${model}` }, { kind: 'server_error' })
  expect(outages.of({ ...scope, model: 'm3999' })).toBeUndefined()
  expect(outages.of({ ...scope, model: 'm4999' })).toBeDefined()
})
