import { describe, expect, it } from 'vitest'
import type { HealthNotice } from '../ports.ts'
import { createMemoryHealth } from './health.ts'

// What every health store promises is in the contract suite; here is what this one adds.
describe('createMemoryHealth', () => {
  it('tells every other end, however it was made, and never the one it was said at', () => {
    const first = createMemoryHealth()
    const second = first.peer()
    const third = second.peer()
    const heard: string[] = []
    const ends = { first, second, third }
    for (const [name, end] of Object.entries(ends))
      end.subscribe(notice => heard.push(`${name}:${notice.account}`))
    const notice: HealthNotice = { kind: 'recovered', account: 'a' }
    second.publish(notice)
    expect(heard.sort()).toEqual(['first:a', 'third:a'])
  })
})
