import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  adaptiveProfile,
  balancedProfile,
  classicProfile,
  createScheduler,
  type Decision,
  type Lease,
  replay,
} from '../../src/index.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '../../src/memory/index.ts'
import { createSelectionRandom } from '../../src/random.ts'
import { holds } from './holds.ts'

const account = fc.record({
  priority: fc.constantFrom(0, 0, 1, 5),
  concurrency: fc.constantFrom(0, 1, 2, 8),
})
const visit = fc.record({
  session: fc.option(fc.constantFrom('s', 't', 'u'), { nil: undefined }),
  ends: fc.boolean(),
  outcome: fc.constantFrom('ok' as const, 'server_error' as const),
  firstTokenMs: fc.constantFrom(0, 80, 300),
})

/** The order in which the rows of a decision are drawn, from nothing but the record. */
function redraw({ rows, topK, seed }: Decision): string[] {
  const bits = BigInt(seed ?? '0')
  const random = createSelectionRandom()
  random.seed(Number(bits & 0xffffffffn), Number(bits >> 32n))
  const left = rows.slice(0, topK)
  const lowest = Math.min(...left.map(({ score }) => score))
  const order: string[] = []
  while (left.length > 0) {
    // The last one left is no choice; only a lone candidate needs no number at all.
    const weights = left.map(({ score, share }) => (score - lowest + 1) * share)
    const r = topK === 1 ? 0 : random.nextFloat64() * weights.reduce((sum, weight) => sum + weight, 0)
    let sum = 0
    const at = weights.findIndex(weight => {
      sum += weight
      return r <= sum
    })
    order.push(left.splice(Math.max(0, at), 1)[0]!.account)
  }
  return order
}

describe('a decision', () => {
  it.each([
    ['balanced', balancedProfile({ topK: 4 }), 1],
    ['balanced, by the index', balancedProfile({ topK: 4 }), 200],
    ['classic', classicProfile({ topK: 4 }), 1],
    ['adaptive', adaptiveProfile({ topK: 4 }), 1],
    ['adaptive, by a sample', adaptiveProfile({ topK: 4 }), 200],
  ])('replays: terms sum to the score bit for bit, the seed gives the order (%s)', (_, profile, times) =>
    holds(
      fc.asyncProperty(
        fc.array(account, { minLength: 1, maxLength: 9 }),
        fc.array(visit, { minLength: 1, maxLength: 25, size: 'max' }),
        fc.nat(),
        async (given, visits, seed) => {
          const clock = createManualClock()
          const accounts = Array.from({ length: given.length * times }, (_, order) => ({
            id: `a${order}`,
            order,
            ...given[order % given.length]!,
          }))
          const scheduler = createScheduler({
            profile,
            accounts: createMemoryAccounts(accounts),
            slots: createMemorySlots(),
            bindings: createMemoryBindings({ clock }),
            clock,
            random: createSeededRandom(seed),
          })
          const open: Lease[] = []
          for (const { session, ends, outcome, firstTokenMs } of visits) {
            const selection = await scheduler.select({
              model: 'm',
              inputTokens: 4_000,
              ...(session === undefined ? {} : { session }),
            })
            check(selection.decision!)
            if (selection.kind !== 'selected') continue
            clock.advance(firstTokenMs)
            selection.lease.firstToken()
            if (ends) selection.lease.settle({ outcome: { kind: outcome } })
            else open.push(selection.lease)
            clock.advance(1_000)
          }
        },
      ),
      times === 1 ? 150 : 15,
    ),
  )
})

function check(decision: Decision): void {
  const { rows, topK, attempts, layer, termNames } = decision
  for (const { terms, score } of rows) {
    expect(terms).toHaveLength(termNames.length)
    const sum = terms.slice(1).reduce((total, term) => total + term, terms[0] ?? 0)
    expect(Object.is(sum, score)).toBe(true)
  }
  expect(replay(decision).scoresAgree).toBe(true)
  for (let i = 1; i < topK; i++) expect(rows[i]!.score).toBeLessThanOrEqual(rows[i - 1]!.score)
  if (layer !== 'load_balance') return
  const drawn = attempts.filter(({ by }) => by === 'draw').map(attempt => attempt.account)
  // Where its binding led was asked before anything was drawn, and is passed over.
  const bound = attempts.filter(({ by }) => by === 'binding').map(attempt => attempt.account)
  if (decision.scoreUnit === 'ms') checkByCost(decision, drawn)
  else {
    const order = redraw(decision).filter(id => !bound.includes(id))
    expect(drawn).toEqual(order.slice(0, drawn.length))
  }
}

/** Chance decides who is first of those that cost alike, by the record's seed; the others follow in the order of their costs. */
function checkByCost(decision: Decision, drawn: readonly string[]): void {
  const { rows, topK } = decision
  const { order, orderAgrees } = replay(decision)
  expect(order).toHaveLength(topK)
  expect(orderAgrees).toBe(true)
  const best = rows.slice(0, topK)
  if (drawn.length === 0) return
  const first = best.find(({ account }) => account === drawn[0])!
  expect(best[0]!.score - first.score).toBeLessThanOrEqual(50)
  const others = best.filter(row => row !== first).map(({ account }) => account)
  expect(drawn.slice(1)).toEqual(others.slice(0, drawn.length - 1))
}
