import { describe, expect, it } from 'vitest'
import { adaptiveProfile, balancedProfile, explain } from '../../src/index.ts'
import { ask, createWorld, settled, type World } from './world.ts'

const request = { model: 'm' }
const wait = { pool: { timeoutMs: 1_000, max: 2 } }

/** One account of one slot, which is taken. */
async function full(options: Partial<Parameters<typeof createWorld>[0]> = {}): Promise<World> {
  const world = createWorld({
    accounts: [{ id: 'a0', concurrency: 1 }],
    profile: balancedProfile({ wait }),
    ...options,
  })
  await world.scheduler.acquire(request)
  return world
}

/** What the newest decision's explanation says of its end. */
function told({ scheduler }: World): readonly string[] {
  return explain(scheduler.decisions(1)[0]!).sentences.slice(-2)
}

const PLAN = 'It was to wait for a0, at most 1000 ms behind at most 2 others.'

describe('the record of a request that gets no slot', () => {
  it('says that it was turned away at once, and by which limit', async () => {
    const world = await full()
    for (let i = 0; i < 2; i++) ask(world.scheduler, request)
    const third = ask(world.scheduler, request)
    await settled()
    expect(told(world)).toEqual([
      PLAN,
      'It was turned away at once: 2 requests are waiting already; the limit is 2.',
    ])
    expect(third.error?.decision?.turnedAway).toMatchObject({ code: 'queue_full', waitedMs: undefined })
  })

  it('says how long it would have waited, where that was too long', async () => {
    const patient = createWorld({
      accounts: [{ id: 'a0', concurrency: 1 }],
      profile: adaptiveProfile({ wait: { pool: { timeoutMs: 60_000, max: 50, shedMs: 2_000 } } }),
    })
    for (let i = 0; i < 8; i++) {
      const lease = await patient.scheduler.acquire(request)
      patient.clock.advance(5_000)
      lease.settle({ outcome: { kind: 'ok' } })
    }
    await patient.scheduler.acquire(request)
    for (let i = 0; i < 5; i++) ask(patient.scheduler, request)
    await settled()
    expect(told(patient).at(-1)).toMatch(
      /^It was turned away at once: 4 requests would be served before this one, which takes \d+ ms as slots are held; the limit is 2000 ms\.$/,
    )
  })

  it.each([
    [
      'that nothing became free in time',
      (world: World) => world.clock.advance(1_000),
      'It left without a slot after 1000 ms: No slot became free within 1000 ms.',
    ],
    [
      'that its caller left',
      (world: World, controller: AbortController) => {
        world.clock.advance(300)
        controller.abort()
      },
      'It left without a slot after 300 ms: The request was given up before it had a slot.',
    ],
    [
      'that its accounts went',
      (world: World) => {
        world.clock.advance(40)
        world.change('a0', 'remove')
      },
      'It left without a slot after 40 ms: The accounts this request waited for are gone or switched off.',
    ],
    [
      'that the node went',
      (world: World) => {
        world.clock.advance(40)
        world.scheduler.drain()
      },
      'It left without a slot after 40 ms: This node is shutting down.',
    ],
  ])('says %s', async (_, happen, sentence) => {
    const world = await full()
    const controller = new AbortController()
    const asked = ask(world.scheduler, request, { signal: controller.signal })
    await settled()
    expect(told(world)).toEqual([PLAN, 'It has had no slot so far.'])
    happen(world, controller)
    await settled()
    expect(told(world)).toEqual([PLAN, sentence])
    expect(asked.error?.decision?.turnedAway?.message).toBe(asked.error?.message)
  })
})

describe('the record of a request that waited', () => {
  it('says so in the order in which it happened: it waited, its slot came free, it was served', async () => {
    const world = createWorld({
      accounts: [{ id: 'a0', concurrency: 1 }],
      profile: balancedProfile({ wait }),
    })
    const first = await world.scheduler.acquire(request)
    const asked = ask(world.scheduler, request)
    world.clock.advance(70)
    first.settle({ outcome: { kind: 'ok' } })
    await settled()
    expect(asked.lease!.decision!.attempts.at(-1)).toEqual({ account: 'a0', result: 'granted', by: 'queue' })
    const { sentences } = explain(asked.lease!.decision!)
    expect(sentences.slice(-2)).toEqual([PLAN, 'After 70 ms it got a slot of a0.'])
    expect(sentences.filter(sentence => sentence.includes('a0 ('))).toEqual([
      'a0 (drawn) was known to be full and not asked.',
    ])
  })

  it('says that its slot was lost, and tells those who listen for its end', async () => {
    const world = createWorld({ accounts: [{ id: 'a0', concurrency: 1 }], renewEveryMs: 1_000 })
    const ended: number[] = []
    world.scheduler.subscribe({ ended: id => ended.push(id) })
    const lease = await world.scheduler.acquire(request)
    world.clock.advance(90)
    world.slots.lose('a0')
    expect(ended).toEqual([lease.decisionId])
    expect(lease.decision).toMatchObject({ outcome: 'lost', durationMs: 90 })
    expect(explain(lease.decision!).sentences.at(-1)).toBe(
      'Its slot was given to another after 90 ms, for it was not renewed in time.',
    )
  })
})

it('an account that holds a conversation was asked only where one was', async () => {
  const world = createWorld({ accounts: [{ id: 'a0', concurrency: 1, stateDomain: 'there' }] })
  await world.scheduler.bind({}, ['r1'], 'there')
  world.scheduler.operate('a0', 'disable')
  const asked = ask(world.scheduler, { ...request, owners: ['r1'] })
  await settled()
  expect(asked.error).toBeDefined()
  expect(explain(world.scheduler.decisions(1)[0]!).sentences.join('\n')).not.toContain('was asked.')
})

it('what was tried last is kept of a request for which a store that fails is asked again and again', async () => {
  const world = createWorld({
    accounts: [{ id: 'a0', concurrency: 1 }],
    profile: balancedProfile({ wait: { pool: { timeoutMs: 60_000, max: 2 } } }),
  })
  const first = await world.scheduler.acquire(request)
  const asked = ask(world.scheduler, request)
  await settled()
  world.slots.fail('a0', 'throws')
  first.settle({ outcome: { kind: 'ok' } })
  for (let i = 0; i < 30; i++) {
    world.clock.advance(500)
    await settled()
  }
  world.slots.fail('a0', undefined)
  world.clock.advance(500)
  await settled()
  const { attempts } = asked.lease!.decision!
  expect(attempts).toHaveLength(16)
  expect(attempts.map(({ result }) => result).slice(-2)).toEqual(['error', 'granted'])
})
