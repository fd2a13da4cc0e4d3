/** The price of waiting, in figures: slots are held for 8 s, and a first token takes 500 ms and 0.1 ms a token. */
import { expect, it } from 'vitest'
import { adaptiveProfile, type Lease } from '../../src/index.ts'
import { ask, createWorld, settled } from '../engine/world.ts'

const HOLD_MS = 8_000

/**
 * A request of so many tokens, whose session is warm at `warm`, which is full: four slots, so that one comes free in 2 s.
 * `idle` has sixteen, of which two are in use.
 */
async function comes(tokens: number, wait = { timeoutMs: 30_000, max: 100 }, inLine = 0) {
  const world = createWorld({
    accounts: [
      { id: 'warm', concurrency: 4 },
      { id: 'idle', concurrency: 16 },
    ],
    profile: adaptiveProfile({ wait: { pool: wait } }),
  })
  const { scheduler, clock } = world
  const only = (id: string) => new Set(['warm', 'idle'].filter(other => other !== id))
  const turn = await scheduler.acquire({
    model: 'm',
    session: 's',
    inputTokens: tokens,
    excluded: only('warm'),
  })
  // As expected in all: nothing is learned but where the session is warm.
  clock.advance(turn.expectedFirstTokenMs!)
  turn.firstToken()
  clock.advance(HOLD_MS - turn.expectedFirstTokenMs!)
  turn.settle({ outcome: { kind: 'ok' } })
  const hold = (id: string, n: number): Promise<Lease[]> =>
    Promise.all(
      Array.from({ length: n }, async () => {
        const lease = await scheduler.acquire({ model: 'm', inputTokens: 100, excluded: only(id) })
        lease.firstToken()
        return lease
      }),
    )
  const [, idle] = [await hold('warm', 4), await hold('idle', 2)]
  // For the warm account alone: they are in nobody's way but its own.
  for (let i = 0; i < inLine; i++) ask(scheduler, { model: 'm', inputTokens: 100, excluded: only('warm') })
  const asked = ask(scheduler, { model: 'm', session: 's', inputTokens: tokens })
  await settled()
  const free = async (lease: Lease) => {
    lease[Symbol.dispose]()
    await settled()
  }
  return { asked, idle, free, clock }
}

// Where it is warm: 500 x 1.5 and a wait of 2 s. Where it is not: 500 + 0.1 x tokens, 0.05 x tokens to read them
// again, and 150 + 0.01 x tokens to leave. So it gains 0.16 x tokens - 2,100 ms, and waits for more than 300.
it.each([
  [13_500, false],
  [16_000, true],
])('a request of %i tokens passes an idle account by: %s', async (tokens, waits) => {
  const { asked } = await comes(tokens)
  expect(asked.lease === undefined).toBe(waits)
})

it('takes the more the longer it has waited', async () => {
  const { asked, idle, free, clock } = await comes(18_000)
  expect(asked.lease).toBeUndefined()
  // Idle costs some 3,550 ms. What it hopes for costs 2,750, and 300 are not worth a word: the rest is a matter of time.
  clock.advance(300)
  await free(idle[0]!)
  expect(asked.lease).toBeUndefined()
  clock.advance(500)
  await free(idle[1]!)
  expect(asked.lease?.account.id).toBe('idle')
})

it('waits no longer than it stands to gain', async () => {
  const { asked, clock } = await comes(18_000)
  clock.advance(2_500)
  await settled()
  expect(asked.lease).toBeUndefined()
  clock.advance(600)
  await settled()
  expect(asked.lease?.account.id).toBe('idle')
})

it('is not turned away while an account is free: its patience ends halfway to where its wait does', async () => {
  const { asked, clock } = await comes(40_000, { timeoutMs: 3_000, max: 100 })
  expect(asked.lease).toBeUndefined()
  clock.advance(1_499)
  await settled()
  expect(asked.lease).toBeUndefined()
  clock.advance(1)
  await settled()
  expect(asked.lease?.account.id).toBe('idle')
})

it.each([
  ['the queue is full', { timeoutMs: 30_000, max: 2 }, 2],
  ['there is no queue', { timeoutMs: 30_000, max: 0 }, 0],
  ['nobody may wait', { timeoutMs: 0, max: 100 }, 0],
])('passes nothing by where %s', async (_, wait, inLine) => {
  const { asked } = await comes(60_000, wait, inLine)
  expect(asked.error).toBeUndefined()
  expect(asked.lease?.account.id).toBe('idle')
})
