import { describe, expect, it } from 'vitest'
import { createByteBudget } from './byte-budget.ts'

const several = () => false

/** Takes as much as it can, byte by byte, and answers how much that was. */
function fill(share: ReturnType<ReturnType<typeof createByteBudget>['of']>): number {
  let taken = 0
  while (share.take(1) === undefined) taken++
  return taken
}

describe('a byte budget', () => {
  it('lets a tenant take what it leaves free, so that each who comes later finds room', () => {
    const budget = createByteBudget(1000, several)
    expect(['a', 'b', 'c'].map(tenant => fill(budget.of(tenant)))).toEqual([500, 250, 125])
    expect(budget.used).toBe(875)
  })

  it('lets the only tenant take all', () => {
    const budget = createByteBudget(1000, () => true)
    expect(fill(budget.of('a'))).toBe(1000)
    expect(budget.of('a').take(1)?.code).toBe('gateway_overloaded')
  })

  it('says to a tenant that holds too much that this is so, and to the others that there is no room', () => {
    const budget = createByteBudget(1000, several)
    fill(budget.of('a'))
    expect(budget.of('a').take(300)).toMatchObject({ code: 'tenant_memory', status: 429, retryAfterMs: 1000 })
    expect(budget.of('b').take(300)).toMatchObject({ code: 'gateway_overloaded', status: 503 })
    // It would not fit if the tenant held nothing else, either.
    expect(budget.of('a').take(501)?.code).toBe('gateway_overloaded')
  })

  it('gives back what is given back, to everyone', () => {
    const budget = createByteBudget(1000, several)
    fill(budget.of('a'))
    budget.of('a').give(500)
    expect(budget.used).toBe(0)
    expect(fill(budget.of('b'))).toBe(500)
  })
})
