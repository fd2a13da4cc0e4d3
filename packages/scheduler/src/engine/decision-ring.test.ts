import { describe, expect, it } from 'vitest'
import { ask, createGate, createWorld, settled } from '../../test/engine/world.ts'
import { balancedProfile, createScheduler } from '../index.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '../memory/index.ts'

function schedulerWith(decisions: { readonly capacity?: number; readonly doubles?: number }, count = 3) {
  const clock = createManualClock()
  return createScheduler({
    profile: balancedProfile(),
    accounts: createMemoryAccounts(Array.from({ length: count }, (_, order) => ({ id: `a${order}`, order }))),
    slots: createMemorySlots(),
    bindings: createMemoryBindings({ clock }),
    clock,
    random: createSeededRandom(1),
    decisions,
  })
}

describe('the ring of decisions', () => {
  it('keeps as many as it may, newest first, and forgets the oldest', async () => {
    const scheduler = schedulerWith({ capacity: 10 })
    const leases = await Promise.all(Array.from({ length: 25 }, () => scheduler.acquire({ model: 'm' })))
    expect(scheduler.decisions().map(({ id }) => id)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16])
    expect(scheduler.decisions(2).map(({ id }) => id)).toEqual([25, 24])
    expect([scheduler.decision(15), leases[0]!.decision]).toEqual([undefined, undefined])
    expect(leases[24]!.decision).toMatchObject({ id: 25, admittedTo: leases[24]!.account.id })
    leases[0]!.settle({ outcome: { kind: 'ok' } })
    expect(scheduler.decisions().every(({ outcome }) => outcome === undefined)).toBe(true)
  })

  it('is read through a selection until it is overwritten', async () => {
    const scheduler = schedulerWith({ capacity: 10 })
    const selection = await scheduler.select({ model: 'm' })
    expect(selection.decision).toMatchObject({ id: 1, result: 'selected' })
    for (let i = 0; i < 10; i++) await scheduler.select({ model: 'm' })
    expect(selection.decision).toBeUndefined()
  })

  it.each([1_000, 1_337, 5_000])(
    'stays within its %i numbers, and every record in it is whole',
    async doubles => {
      const scheduler = schedulerWith({ doubles }, 9)
      for (let i = 0; i < 200; i++) {
        const excluded = new Set(Array.from({ length: i % 7 }, (_, at) => `a${at}`))
        const lease = await scheduler.acquire({ model: `model-${i}`, excluded })
        const usage = { inputTokens: i, cachedTokens: 1, outputTokens: 2 }
        lease.settle({ outcome: { kind: 'ok' }, usage })
        const kept = scheduler.decisions(1_000)
        expect(kept.length).toBeGreaterThan(0)
        for (const { id, request, rows, usage: used } of kept) {
          expect(request.model).toBe(`model-${id - 1}`)
          expect(used?.inputTokens).toBe(id - 1)
          expect(rows).toHaveLength(9 - ((id - 1) % 7))
        }
      }
    },
  )

  it('keeps few of many hard keys: a ring of requests with thousands would outweigh the rest', async () => {
    const scheduler = schedulerWith({})
    const owners = Array.from({ length: 4096 }, (_, at) => `file:${at}`)
    await scheduler.bind({}, owners, 'a1')
    const lease = await scheduler.acquire({ model: 'm', owners })
    expect(lease.account.id).toBe('a1')
    expect(lease.decision!.request.owners).toEqual(owners.slice(0, 16))
  })

  it('writes how a lease ended', async () => {
    const scheduler = schedulerWith({})
    const lease = await scheduler.acquire({ model: 'm' })
    expect(lease.decision).toMatchObject({ outcome: undefined, usage: undefined, durationMs: undefined })
    const usage = { inputTokens: 10, cachedTokens: 4, outputTokens: 0 }
    lease.settle({ outcome: { kind: 'client_abort' }, usage })
    expect(lease.decision).toMatchObject({ outcome: 'client_abort', usage, durationMs: 0, waitedMs: 0 })
  })

  it('records the attempt at the account a session is bound to', async () => {
    const { scheduler } = createWorld({
      accounts: [
        { id: 'a', concurrency: 1 },
        { id: 'b', concurrency: 1 },
      ],
    })
    const first = await scheduler.acquire({ model: 'm', session: 's' })
    const bound = first.account.id
    first[Symbol.dispose]()
    const warm = await scheduler.acquire({ model: 'm', session: 's' })
    expect(warm.decision!.attempts).toEqual([{ account: bound, result: 'granted', by: 'binding' }])
    const spilled = await scheduler.acquire({ model: 'm', session: 's' })
    expect(spilled.decision!.attempts[0]).toEqual({ account: bound, result: 'seen_full', by: 'binding' })
  })

  // Fails until `open` resets what `finish` fills in: layer, result, reason and plan are then the overwritten record's.
  it('shows a decision that is still being made as one without a result yet, not as another’s', async () => {
    const gate = createGate()
    const accounts = [
      { id: 'a', concurrency: 1 },
      { id: 'b', concurrency: 1 },
    ]
    const { scheduler } = createWorld({
      accounts,
      later: gate.pass,
      decisions: { capacity: 3, doubles: 700 },
    })
    for (let i = 0; i < 12; i++) {
      ask(scheduler, { model: 'm', ...(i % 2 === 0 ? {} : { excluded: new Set(['a']) }) })
      await settled()
      const [current] = scheduler.decisions(1)
      expect(['none', 'load_balance']).toContain(current!.layer)
      expect(['selected', 'wait', 'none']).toContain(current!.result)
      if (current!.result !== 'wait') expect(current!.plan).toBeUndefined()
      await gate.openAll()
    }
  })
})
