import { describe, expect, it } from 'vitest'
import type { LoadListener, SlotBatch } from '../ports.ts'
import { createMemorySlots } from './slots.ts'

const nobody: LoadListener = { load() {}, readable() {}, lost() {} }

function batchOf(account: string, limit: number): SlotBatch {
  return {
    accounts: [account],
    limits: [limit],
    count: 1,
    position: -1,
    results: ['untried'],
    origin: nobody,
  }
}

// What every slot store promises is in the contract suite; here is what this one adds.
describe('createMemorySlots', () => {
  it('answers without a promise, so that a whole cycle stays synchronous', () => {
    const slots = createMemorySlots()
    const slot = slots.acquireFirst(batchOf('a', 1))
    expect(slot).toMatchObject({ account: 'a' })
    expect(slots.release(slot!)).toBeUndefined()
  })

  it('says what is in use, 0 for an account it has never met', () => {
    const slots = createMemorySlots()
    slots.acquireFirst(batchOf('a', 0))
    slots.acquireFirst(batchOf('a', 0))
    expect(slots.inUse('a')).toBe(2)
    expect(slots.inUse('b')).toBe(0)
  })

  it('drops counters of idle accounts as others come, and loses no slot in use', () => {
    const slots = createMemorySlots()
    const held = slots.acquireFirst(batchOf('held', 2))!
    for (let i = 0; i < 5_000; i++) slots.release(slots.acquireFirst(batchOf(`passing-${i}`, 1))!)
    expect(slots.size).toBeLessThan(2_000)
    expect(slots.inUse('held')).toBe(1)
    slots.acquireFirst(batchOf('held', 2))
    expect(slots.acquireFirst(batchOf('held', 2))).toBeNull()
    slots.release(held)
    expect(slots.inUse('held')).toBe(1)
  })

  it('lets a listener leave while it is being told, without others missing anything', () => {
    const slots = createMemorySlots()
    const told: string[] = []
    const leave = slots.subscribe({ ...nobody, load: () => leave() })
    slots.subscribe({ ...nobody, load: account => told.push(account) })
    slots.acquireFirst(batchOf('a', 1))
    expect(told).toEqual(['a'])
  })
})
