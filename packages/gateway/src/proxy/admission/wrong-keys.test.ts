import { createManualClock } from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import { createWrongKeys } from './wrong-keys.ts'

function world() {
  const clock = createManualClock()
  const wrongKeys = createWrongKeys(clock)
  const note = (address: string, times: number) =>
    Array.from({ length: times }, () => wrongKeys.noted(address)).filter(wait => wait !== undefined)
  return { clock, wrongKeys, note }
}

describe('wrong keys of one address', () => {
  it('are called wrong thirty times, and told to come back after that', () => {
    const { note } = world()
    const refused = note('203.0.113.5', 1000)
    expect(refused).toHaveLength(970)
    expect(new Set(refused)).toEqual(new Set([2000]))
  })

  it('get one try back every two seconds, and no more than thirty', () => {
    const { clock, note } = world()
    note('203.0.113.5', 40)
    clock.advance(1500)
    expect(note('203.0.113.5', 1)).toEqual([500])
    clock.advance(500)
    expect(note('203.0.113.5', 2)).toHaveLength(1)
    clock.advance(3_600_000)
    expect(note('203.0.113.5', 31)).toHaveLength(1)
  })

  it('do not count against another address', () => {
    const { note } = world()
    note('203.0.113.5', 100)
    expect(note('203.0.113.6', 30)).toEqual([])
  })

  it('count together over the addresses of one IPv6 host, and apart from its neighbour’s', () => {
    const { note } = world()
    note('2001:db8:0:1::1', 15)
    note('2001:db8::1:ffff:0:0:2', 15)
    expect(note('2001:db8:0:1:2:3:4:5', 1)).toHaveLength(1)
    expect(note('2001:db8:0:2::1', 1)).toEqual([])
  })
})

it('remembers ten thousand addresses, and forgets the one that was silent longest', () => {
  const { wrongKeys, note } = world()
  note('first', 30)
  note('second', 30)
  note('first', 1)
  for (let i = 0; i < 9999; i++) wrongKeys.noted(`10.0.${i >> 8}.${i & 255}`)
  expect(wrongKeys.size).toBe(10_000)
  expect(note('first', 1)).toHaveLength(1)
  expect(note('second', 1)).toEqual([])
})
