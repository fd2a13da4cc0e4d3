import { describe, expect, it } from 'vitest'
import type { Account } from '../model/account.ts'
import { createMemoryAccounts } from './accounts.ts'

// What every account source promises is in the contract suite; here is what this one adds.
describe('createMemoryAccounts', () => {
  const faults: [string, Account[], string][] = [
    ['an empty id', [{ id: '', order: 1 }], 'accounts[0]: id is ""'],
    ['an id that is no text', [{ id: 7 as unknown as string, order: 1 }], 'accounts[0]: id is 7'],
    [
      'an id given twice',
      [
        { id: 'a', order: 1 },
        { id: 'b', order: 2 },
        { id: 'a', order: 3 },
      ],
      'accounts[2]: id "a" is that of accounts[0] already',
    ],
    [
      'an order given twice',
      [
        { id: 'a', order: 1 },
        { id: 'b', order: 1 },
      ],
      'accounts[1] (b): order 1 is that of accounts[0] already',
    ],
    ['an order that is no number', [{ id: 'a', order: Number.NaN }], 'accounts[0] (a): order is NaN'],
  ]
  for (const [fault, accounts, message] of faults) {
    it(`refuses ${fault} and says where it is`, () => {
      expect(() => createMemoryAccounts(accounts)).toThrow(message)
    })
  }

  it('keeps the list in force, and tells nobody, when a new one is refused', () => {
    const source = createMemoryAccounts([{ id: 'a', order: 1 }])
    let told = 0
    source.subscribe(() => told++)
    expect(() => source.replace([{ id: '', order: 1 }])).toThrow(TypeError)
    expect(source.list().map(({ id }) => id)).toEqual(['a'])
    expect(told).toBe(0)
  })

  it('is not changed by changing the array it was given', () => {
    const accounts = [{ id: 'a', order: 1 }]
    const source = createMemoryAccounts(accounts)
    accounts.push({ id: 'b', order: 2 })
    expect(source.list()).toHaveLength(1)
  })
})
