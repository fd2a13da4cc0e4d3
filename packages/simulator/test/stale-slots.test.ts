import type { LoadListener, SlotBatch } from '@headgate/scheduler'
import { createManualClock, createMemorySlots } from '@headgate/scheduler/memory'
import { expect, it } from 'vitest'
import { createStaleSlots } from '../src/run/stale-slots.ts'

function setUp() {
  const clock = createManualClock()
  const store = createMemorySlots()
  const end = () => {
    const slots = createStaleSlots(store, clock, 3_000)
    const heard: number[] = []
    const listener: LoadListener = { load: (_account, inUse) => heard.push(inUse), readable() {}, lost() {} }
    slots.subscribe(listener)
    const take = () => {
      const batch: SlotBatch = {
        accounts: ['a'],
        limits: [2],
        count: 1,
        position: -1,
        results: [],
        origin: listener,
      }
      return slots.acquireFirst(batch)
    }
    return { slots, heard, take }
  }
  return { clock, one: end(), two: end() }
}

it('tells what others did three seconds late, beside what was done here by then', () => {
  const { clock, one, two } = setUp()
  one.take()
  clock.advance(2_999)
  two.take()
  expect(two.heard).toEqual([])
  clock.advance(1)
  expect(two.heard).toEqual([2])
  expect(one.heard).toEqual([])
  clock.advance(2_999)
  expect(one.heard).toEqual([2])
})

it('never gives a slot too many, however old the loads', () => {
  const { one, two } = setUp()
  expect([one.take(), two.take(), one.take(), two.take()].filter(slot => slot !== null)).toHaveLength(2)
})
