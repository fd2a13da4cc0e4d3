import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OutcomeKind } from '../../src/index.ts'
import { createMemoryHealth } from '../../src/memory/index.ts'
import { createWorld } from '../engine/world.ts'
import { holds } from './holds.ts'

const outcomes = fc.constantFrom<OutcomeKind>(
  'server_error',
  'server_error',
  'timeout',
  'transport_error',
  'ok',
  'client_abort',
)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constant('request' as const), outcome: outcomes, to: fc.nat({ max: 7 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('advance' as const),
      ms: fc.constantFrom(100, 5_000, 16_000, 60_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('switch' as const), to: fc.nat({ max: 7 }) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('hear' as const), to: fc.nat({ max: 7 }) }) },
)

const isOut = ({ state }: { state: string }) => state === 'ejected' || state === 'probing'

describe('ejection', () => {
  it('never takes more than half of the accounts that could work, and lets one probe through at a time', () =>
    holds(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.array(step, { maxLength: 80, size: 'max' }),
        async (count, steps) => {
          const health = createMemoryHealth()
          const world = createWorld({
            accounts: Array.from({ length: count }, (_, i) => ({ id: `a${i}` })),
            health: health.peer(),
          })
          const { scheduler, clock } = world
          const ids = scheduler.accounts().map(({ account }) => account)
          for (const next of steps) {
            const before = scheduler.accounts()
            const id = 'to' in next ? ids[next.to % count]! : ''
            if (next.op === 'advance') clock.advance(next.ms)
            if (next.op === 'hear')
              health.publish({ kind: 'ejected', account: id, untilMs: clock.wallMs() + 5_000, times: 1 })
            if (next.op === 'switch') {
              const off = before.find(({ account }) => account === id)!.state === 'disabled'
              world.change(id, { status: off ? 'active' : 'disabled' })
            }
            if (next.op === 'request') {
              const others = new Set(ids.filter(other => other !== id))
              const chosen = await scheduler.select({ model: 'm', excluded: others })
              if (chosen.kind === 'selected') {
                const second = await scheduler.select({ model: 'm', excluded: others })
                const wasProbe = before.find(({ account }) => account === id)!.state === 'probing'
                if (second.kind === 'selected') {
                  expect(wasProbe).toBe(false)
                  second.lease[Symbol.dispose]()
                }
                chosen.lease.settle({ outcome: { kind: next.outcome } as never })
              }
            }
            const after = scheduler.accounts()
            const staying = after.filter(({ state }) => state !== 'disabled')
            // Switching accounts off may leave more than half of the rest out; an ejection never does.
            const gained = after.filter(isOut).length > before.filter(isOut).length
            if (gained && next.op !== 'switch')
              expect(staying.filter(isOut).length * 2).toBeLessThanOrEqual(staying.length)
          }
        },
      ),
      200,
    ))
})
