import { describe, expect, it } from 'vitest'
import { adaptiveProfile, type Lease } from '../../src/index.ts'
import { createWorld } from '../engine/world.ts'

const REQUESTS = 600
const EVERY_MS = 1_000
/** So fast that twenty times as long is still less than what a better tier may cost. */
const FIRST_TOKEN_MS = 80
const ANSWER_MS = 1_500

/** How many of 600 requests go to an account of this priority that takes them and answers nothing; three others have priority 2. */
async function askedInVain(priority: number, leavesAfterMs: number): Promise<number> {
  const others = ['b0', 'b1', 'b2'].map(id => ({ id, concurrency: 64, priority: 2 }))
  const { clock, scheduler } = createWorld({
    accounts: [{ id: 'hung', concurrency: 64, priority }, ...others],
    profile: adaptiveProfile(),
  })
  const end = (lease: Lease, kind: 'ok' | 'client_abort') => () => lease.settle({ outcome: { kind } })
  let asked = 0
  for (let i = 0; i < REQUESTS; i++) {
    const lease = await scheduler.acquire({ model: 'm', inputTokens: 1_000 })
    if (lease.account.id === 'hung') {
      asked++
      clock.schedule(leavesAfterMs, end(lease, 'client_abort'))
    } else {
      clock.schedule(FIRST_TOKEN_MS, () => lease.firstToken())
      clock.schedule(ANSWER_MS, end(lease, 'ok'))
    }
    clock.advance(EVERY_MS)
  }
  return asked
}

describe('an account that takes requests and answers none, so that clients leave', () => {
  it.each([3_000, 10_000, 30_000])(
    'alone in its tier is asked by one in ten at most, when they leave after %i ms',
    async ms => {
      expect(await askedInVain(1, ms)).toBeLessThan(REQUESTS / 10)
    },
  )

  it.each([3_000, 10_000, 30_000])(
    'among equals is asked by one in fifty at most, when they leave after %i ms',
    async ms => {
      expect(await askedInVain(2, ms)).toBeLessThan(REQUESTS / 50)
    },
  )
})
