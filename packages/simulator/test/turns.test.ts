import { expect, it } from 'vitest'
import { createTelling } from '../src/run/telling.ts'
import { createTurns } from '../src/run/turns.ts'
import type { World } from '../src/run/world.ts'
import type { SessionStart } from '../src/workload/session.ts'
import { USUAL_LAW } from '../src/world/latency.ts'

const world = {
  seed: 1,
  gateways: 4,
  law: USUAL_LAW,
  tenants: [{ name: 't', weight: 3 }],
} as unknown as World
const turn = { gapMs: 0, inputTokens: 100, outputTokens: 10, blocks: [] }
const session = (serial: number, turns: number): SessionStart => ({
  ...{ serial, atMs: 0, keyed: serial > 0, tenant: 't' },
  template: { turns: new Array(turns).fill(turn) },
})

/** The requests of some sessions, so many turns each. */
function requestsOf(...turns: number[]) {
  const made = createTurns({ world, fingerprint: false, telling: createTelling(), nowMs: () => 0 })
  return turns.flatMap((count, serial) => {
    const open = made.open(session(serial, count))
    return Array.from({ length: count }, (_, place) => {
      open.turn = place
      return made.request(open)
    })
  })
}

it('gives every request luck of its own, however many turns a session has', () => {
  const serials = requestsOf(5_000, 3, 70, 1).map(({ prompt }) => prompt.serial)
  expect(new Set(serials).size).toBe(5_074)
})

it('spreads requests over gateways: the turns of one session as the first turns of many', () => {
  for (const requests of [requestsOf(4_000), requestsOf(...new Array<number>(4_000).fill(1))]) {
    const counts = [0, 0, 0, 0]
    for (const { gateway } of requests) counts[gateway]!++
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  }
})

it('brings a key where the client sent one, and its tenant with the weight it has', () => {
  const [first, second] = requestsOf(1, 1).map(({ schedule }) => schedule)
  expect(first).toMatchObject({ tenant: 't', tenantWeight: 3, inputTokens: 100, estimatedTokens: 110 })
  expect(first!.session).toBeUndefined()
  expect(second!.session).toBe('session-1')
})
