import { describe, expect, it } from 'vitest'
import { createColumns } from '../columns/columns.ts'
import type { Account } from '../model/account.ts'
import { createRoster } from './roster.ts'

const account = (id: string, order: number, facts: Partial<Account> = {}): Account => ({
  id,
  order,
  ...facts,
})

function rosterWith() {
  const columns = createColumns()
  const decisions = { oldestId: 0, nextId: 0 }
  return { columns, decisions, roster: createRoster(columns, decisions) }
}

describe('replace', () => {
  it('answers the rows that are new, changed or gone, and no others', () => {
    const { roster } = rosterWith()
    const [a, b, c] = [account('a', 0), account('b', 1), account('c', 2)]
    expect(roster.replace([a, b])).toEqual([0, 1])
    expect(roster.replace([a, b])).toEqual([])
    expect(roster.replace([a, { ...b, priority: 3 }])).toEqual([1])
    expect(roster.replace([a, c]).toSorted()).toEqual([1, 2])
    expect([roster.size, roster.rowOf('c'), roster.rowOf('nobody')]).toEqual([2, 2, -1])
  })

  it('writes what accounts are, with their defaults', () => {
    const { roster, columns } = rosterWith()
    roster.replace([account('a', 7, { priority: -2, concurrency: 3 }), account('b', 8, { concurrency: -1 })])
    expect([columns.order[0], columns.priority[0], columns.limit[0]]).toEqual([7, -2, 3])
    expect([columns.priority[1], columns.limit[1]]).toEqual([0, 0])
  })

  it('finds the accounts that share the limits of a domain, as the list has them last', () => {
    const { roster } = rosterWith()
    roster.replace([
      account('a', 0, { limitDomain: 'org' }),
      account('b', 1),
      account('c', 2, { limitDomain: 'org' }),
    ])
    expect(['org', 'b', 'a', 'nobody'].map(domain => roster.limitedBy(domain))).toEqual([[0, 2], [1], [], []])
    roster.replace([account('b', 1, { limitDomain: 'org' }), account('c', 2)])
    expect(['org', 'b', 'c'].map(domain => roster.limitedBy(domain))).toEqual([[1], [], [2]])
  })

  it('takes what has no end for no limit', () => {
    const { roster, columns } = rosterWith()
    roster.replace([account('a', 0, { concurrency: Number.POSITIVE_INFINITY })])
    expect(columns.limit[0]).toBe(0)
  })

  it('keeps the row of a removed account for its return', () => {
    const { roster, columns } = rosterWith()
    roster.replace([account('a', 0), account('b', 1)])
    columns.inUse[0] = 2
    roster.replace([account('b', 1)])
    expect(columns.accounts[0]).toBeUndefined()
    roster.replace([account('b', 1), account('a', 0)])
    expect([roster.rowOf('a'), columns.inUse[0]]).toEqual([0, 2])
  })

  it('gives a row to another account only when nobody means the old one any more', () => {
    const { roster, columns, decisions } = rosterWith()
    decisions.nextId = 7
    roster.replace([account('a', 0)])
    columns.inUse[0] = 1
    roster.replace([account('b', 1)])
    expect(roster.rowOf('b')).toBe(1)
    decisions.oldestId = 7
    roster.replace([account('b', 1), account('c', 2)])
    expect(roster.rowOf('c')).toBe(2)
    columns.inUse[0] = 0
    columns.claimed[0] = 1
    roster.replace([account('b', 1), account('c', 2), account('d', 3)])
    expect(roster.rowOf('d')).toBe(3)
    columns.claimed[0] = 0
    columns.errorRate[0] = 0.5
    roster.replace([account('b', 1), account('c', 2), account('d', 3), account('e', 4)])
    expect([roster.rowOf('e'), roster.rowOf('a'), columns.errorRate[0]]).toEqual([0, -1, 0])
  })

  it('refuses a list with a fault, says which, and changes nothing', () => {
    const { roster } = rosterWith()
    roster.replace([account('a', 0)])
    const lists: readonly [readonly Account[], RegExp][] = [
      [[account('', 0)], /empty id/],
      [[account('x', 0), account('x', 1)], /the id x/],
      [[account('x', 0), account('y', 0)], /the order 0/],
      [[account('x', Number.NaN)], /x has the order NaN/],
      [[account('x', 0, { priority: Number.NaN })], /x has the priority NaN/],
      [[account('x', 0, { concurrency: Number.NaN })], /x has the concurrency NaN/],
      [[account('x', 0, { concurrency: 0.5 })], /x has the concurrency 0\.5; it must be a whole number/],
      [[account('x', 0, { concurrency: 3e9 })], /x has the concurrency 3000000000; .* at most 2147483647/],
    ]
    for (const [list, message] of lists) expect(() => roster.replace(list)).toThrow(message)
    expect([roster.size, roster.rowOf('a'), roster.rowOf('x')]).toEqual([1, 0, -1])
  })
})

describe('remember', () => {
  it('gives strangers a row each, up to a bound, and knows them again as accounts', () => {
    const { roster, columns } = rosterWith()
    const row = roster.remember('stranger')
    expect(roster.remember('stranger')).toBe(row)
    for (let i = 0; i < 2_000; i++) roster.remember(`stranger-${i}`)
    expect(columns.size).toBe(1_024)
    expect(roster.remember('one more')).toBe(-1)
    roster.replace([account('stranger', 0)])
    expect(roster.rowOf('stranger')).toBe(row)
  })
})
