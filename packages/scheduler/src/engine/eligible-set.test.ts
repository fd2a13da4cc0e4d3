import { describe, expect, it } from 'vitest'
import { createColumns } from '../columns/columns.ts'
import type { Filter } from '../filters/filter.ts'
import { modelFilter } from '../filters/model.ts'
import { weightedSum } from '../rankers/weighted-sum.ts'
import { DEFAULT_WEIGHTS } from '../rankers/weights.ts'
import { createEligibleSets } from './eligible-set.ts'
import { createRoster } from './roster.ts'

function setUp(count: number, filters: readonly Filter[] = [modelFilter]) {
  const columns = createColumns()
  const accounts = Array.from({ length: count }, (_, i) => ({
    id: `a${i}`,
    order: count - i,
    models: i === 0 ? ['special', 'gpt-*'] : ['gpt-*'],
    ...(i < 2 ? { stateDomain: 'shared' } : {}),
  }))
  createRoster(columns, { oldestId: 0, nextId: 0 }).replace(accounts)
  return createEligibleSets(columns, filters, weightedSum(DEFAULT_WEIGHTS))
}

describe('find', () => {
  it('holds who passes every filter, in the order of the last tie-break, and counts the others', () => {
    const sets = setUp(3)
    expect([...sets.find('gpt-5', '', undefined).members]).toEqual([2, 1, 0])
    const special = sets.find('special', '', undefined)
    expect([...special.members]).toEqual([0])
    expect(special.filtered).toEqual({ platform: 0, model: 2, transport: 0, domain: 0 })
  })

  it('keeps inside the domain of hard keys, whatever the profile filters', () => {
    const sets = setUp(3, [])
    const inside = sets.find('gpt-5', '', 'shared')
    expect([...inside.members].toSorted()).toEqual([0, 1])
    expect(inside.filtered.domain).toBe(1)
    expect([...sets.find('gpt-5', '', 'a2').members]).toEqual([2])
    expect([...sets.find('gpt-5', '', 'nowhere').members]).toEqual([])
  })

  it('answers the same set until accounts change', () => {
    const sets = setUp(3)
    const set = sets.find('gpt-5', '', undefined)
    expect(sets.find('gpt-5', 'http_sse', undefined)).toBe(set)
    sets.clear()
    expect(sets.find('gpt-5', '', undefined)).not.toBe(set)
  })

  it('has one index for all model names with the same accounts: clients make up names', () => {
    const sets = setUp(400)
    const first = sets.find('gpt-0', '', undefined)
    expect(first.index).toBeDefined()
    for (let i = 1; i < 3_000; i++) expect(sets.find(`gpt-${i}`, '', undefined).index).toBe(first.index)
    expect(sets.find('special', '', undefined).index).toBeUndefined()
  })

  it('looks through the accounts of a domain only, and shares nothing between domains', () => {
    const sets = setUp(3_000, [])
    for (let i = 2; i < 3_000; i++) {
      const { members, has, filtered } = sets.find('m', '', `a${i}`)
      expect([...members]).toEqual([i])
      expect(has).toBeUndefined()
      expect(filtered.domain).toBe(2_999)
    }
  })
})
