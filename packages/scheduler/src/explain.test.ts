import { describe, expect, it } from 'vitest'
import { createScheduler } from './create-scheduler.ts'
import { explain } from './explain.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from './memory/index.ts'
import type { Decision } from './model/decision.ts'
import { adaptiveProfile } from './profiles/adaptive.ts'
import { balancedProfile } from './profiles/balanced.ts'
import { loadAwareProfile } from './profiles/load-aware.ts'
import { replay } from './replay.ts'

function schedulerOf(count: number, profile = balancedProfile()) {
  const clock = createManualClock()
  return createScheduler({
    profile,
    accounts: createMemoryAccounts(
      Array.from({ length: count }, (_, i) => ({
        id: `a${i}`,
        order: i,
        priority: i % 2,
        concurrency: 2,
        ...(i === 1 ? { models: ['other'] } : {}),
      })),
    ),
    slots: createMemorySlots(),
    bindings: createMemoryBindings({ clock }),
    clock,
    random: createSeededRandom(3),
  })
}

function decide(scheduler: ReturnType<typeof schedulerOf>, session = ''): Decision {
  const selection = scheduler.select({ tenant: 't', model: 'gpt-5.1', session })
  if (selection instanceof Promise) throw new Error('memory stores answer at once')
  return selection.decision!
}

describe('explain', () => {
  it('says who asked, who could, how the order came about and who was chosen', () => {
    const text = explain(decide(schedulerOf(12))).sentences.join('\n')
    expect(text).toContain('A request for tenant t asked pool default (profile balanced) for model gpt-5.1.')
    expect(text).toMatch(/11 accounts were eligible; left out: 1 without the model\./)
    expect(text).toMatch(/drawn among the best 7 of 11 with seed \d+/)
    expect(text).toMatch(/a\d+ \(drawn\) had a free slot\./)
  })

  it('shows every candidate with every term of its score', () => {
    const decision = decide(schedulerOf(12))
    const { columns, rows } = explain(decision)
    expect(columns.slice(0, 7)).toEqual([
      'account',
      'score',
      'priority',
      'load',
      'queue',
      'errorRate',
      'ttft',
    ])
    expect(rows).toHaveLength(11)
  })

  it('names the binding when a session returns to its account', () => {
    const scheduler = schedulerOf(3)
    const first = decide(scheduler, 'k')
    const again = decide(scheduler, 'k')
    expect(again.account).toBe(first.account)
    expect(explain(again).sentences.join(' ')).toContain('prompt cache is warm')
  })

  it('names a cheaper account that was full beside those that had a slot', () => {
    const scheduler = schedulerOf(4, adaptiveProfile())
    for (let i = 0; i < 4; i++) expect(['a0', 'a2']).toContain(decide(scheduler).account)
    const decision = decide(scheduler)
    expect(decision.account).toBe('a3')
    expect(explain(decision).sentences.join('\n')).toMatch(
      /: \d+ ms at a3 \(\d+ ms at a[02], but its slots were taken\)\.\na3 \(by its cost\) had a free slot\./,
    )
  })

  it('says what waiting is for, and why there is nothing to wait for', () => {
    const scheduler = schedulerOf(1)
    decide(scheduler)
    decide(scheduler)
    expect(explain(decide(scheduler)).sentences.join(' ')).toContain('It was to wait for a0')
    const selection = scheduler.select({ model: 'm', owners: ['unknown'] })
    if (selection instanceof Promise) throw new Error('memory stores answer at once')
    expect(explain(selection.decision!).sentences.at(-1)).toBe('No account was chosen: owner unknown.')
  })
})

describe('replay', () => {
  it('does the arithmetic of every decision again from its record alone', () => {
    const scheduler = schedulerOf(40)
    for (let i = 0; i < 200; i++) {
      scheduler.report(`a${i % 40}`, { success: i % 3 > 0, firstTokenMs: 100 + ((i * 61) % 700) })
      if (i < 60) decide(scheduler)
    }
    for (const decision of scheduler.decisions(60)) {
      expect(replay(decision)).toMatchObject({ scoresAgree: true, orderAgrees: true })
    }
  })

  it('takes the order as it was when a session’s full account had been asked first', () => {
    const scheduler = schedulerOf(6)
    for (let i = 0; i < 10; i++) decide(scheduler, 'k')
    const spilled = scheduler
      .decisions(10)
      .filter(({ attempts }) => attempts.some(({ by }) => by === 'binding'))
    expect(spilled.length).toBeGreaterThan(3)
    for (const decision of spilled) expect(replay(decision).orderAgrees).not.toBe(false)
  })

  it('does not guess at an order that another picker made', () => {
    const scheduler = schedulerOf(6, loadAwareProfile())
    expect(replay(decide(scheduler))).toMatchObject({ order: undefined, orderAgrees: undefined })
  })

  it('notices a score or an order that its record does not give', () => {
    const decision = decide(schedulerOf(12))
    const [first, ...others] = decision.rows
    expect(
      replay({ ...decision, rows: [{ ...first!, score: first!.score + 1e-9 }, ...others] }).scoresAgree,
    ).toBe(false)
    const wrong = decision.rows
      .map(row => row.account)
      .find(account => account !== decision.attempts[0]!.account)!
    expect(
      replay({ ...decision, attempts: [{ account: wrong, result: 'granted', by: 'draw' }] }).orderAgrees,
    ).toBe(false)
  })
})
