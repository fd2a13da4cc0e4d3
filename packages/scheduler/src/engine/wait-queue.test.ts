import { describe, expect, it } from 'vitest'
import { fifo } from '../dequeue/fifo.ts'
import type { Waiter } from '../dequeue/waiter.ts'
import { createManualClock } from '../memory/index.ts'
import { createWaitQueue } from './wait-queue.ts'

function waiter(sequence: number, deadlineMs = 1_000, target = -1): Waiter & { expired: number } {
  return {
    sequence,
    sinceMs: 0,
    deadlineMs,
    target,
    tenant: '',
    priority: 0,
    cost: 1,
    weight: 1,
    expired: 0,
    expire() {
      this.expired++
    },
    previous: undefined,
    next: undefined,
    queued: false,
    claiming: false,
  }
}

const order = (queue: Iterable<Waiter>) => [...queue].map(({ sequence }) => sequence)

describe('createWaitQueue', () => {
  it('keeps the order of arrival, whoever leaves', () => {
    const queue = createWaitQueue(createManualClock())
    const waiters = [1, 2, 3, 4, 5].map(sequence => waiter(sequence))
    for (const each of waiters) queue.push(each)
    for (const at of [0, 2, 4]) expect(queue.remove(waiters[at]!)).toBe(true)
    expect(queue.remove(waiters[2]!)).toBe(false)
    expect(order(queue)).toEqual([2, 4])
    expect([queue.length, queue.oldest?.sequence]).toEqual([2, 2])
    queue.push(waiters[2]!)
    expect(order(queue)).toEqual([2, 4, 3])
    for (const each of [...queue]) queue.remove(each)
    expect([queue.length, queue.oldest]).toEqual([0, undefined])
  })

  it('counts who names a row', () => {
    const queue = createWaitQueue(createManualClock())
    for (const target of [7, -1, 7, 8]) queue.push(waiter(0, 1_000, target))
    expect([7, 8, 9].map(row => queue.waitingFor(row))).toEqual([2, 1, 0])
  })

  it('chooses by the policy and leaves the chosen one in', () => {
    const queue = createWaitQueue(createManualClock())
    for (const sequence of [1, 2, 3]) queue.push(waiter(sequence))
    expect(queue.choose(fifo, ({ sequence }) => sequence > 1)?.sequence).toBe(2)
    expect(queue.choose(fifo, () => false)).toBeUndefined()
    expect(queue.length).toBe(3)
  })

  it('expires each at its own deadline with one timer, in whatever order they came', () => {
    const clock = createManualClock()
    const queue = createWaitQueue(clock)
    const waiters = [300, 100, 200].map((deadlineMs, sequence) => waiter(sequence, deadlineMs))
    for (const each of waiters) {
      const expire = each.expire.bind(each)
      each.expire = () => {
        expire()
        queue.remove(each)
      }
      queue.push(each)
      expect(clock.pending).toBe(1)
    }
    const expired: number[][] = []
    for (let i = 0; i < 3; i++) {
      clock.advance(100)
      expired.push(waiters.map(each => each.expired))
    }
    expect(expired).toEqual([
      [0, 1, 0],
      [0, 1, 1],
      [1, 1, 1],
    ])
    expect(clock.pending).toBe(0)
  })

  it('does not expire one whose slot is on its way, until none came', () => {
    const clock = createManualClock()
    const queue = createWaitQueue(clock)
    const claiming = waiter(1, 100)
    queue.push(claiming)
    claiming.claiming = true
    clock.advance(150)
    expect(claiming.expired).toBe(0)
    claiming.claiming = false
    clock.advance(1)
    expect(claiming.expired).toBeGreaterThan(0)
  })

  it('lets its timer go with its last waiter', () => {
    const clock = createManualClock()
    const queue = createWaitQueue(clock)
    const only = waiter(1)
    queue.push(only)
    queue.remove(only)
    expect(clock.pending).toBe(0)
  })
})
