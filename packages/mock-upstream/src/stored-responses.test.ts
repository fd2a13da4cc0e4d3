import { expect, it } from 'vitest'
import { type StoredResponse, StoredResponses } from './stored-responses.ts'

const stored = (id: string, size = 1): StoredResponse => ({
  draft: { id } as StoredResponse['draft'],
  state: { status: 'in_progress' },
  context: { hash: 0, tokens: 0, turn: 1 },
  size,
})

it('forgets the least recently used beyond its count', () => {
  const responses = new StoredResponses({ count: 2, characters: 100 })
  responses.put(stored('a'))
  responses.put(stored('b'))
  responses.get('a')
  responses.put(stored('c'))
  expect(['a', 'b', 'c'].map(id => responses.get(id) !== undefined)).toEqual([true, false, true])
})

it('forgets beyond its size, but never the newest', () => {
  const responses = new StoredResponses({ count: 10, characters: 100 })
  responses.put(stored('a', 60))
  responses.put(stored('b', 60))
  expect([responses.get('a'), responses.size]).toEqual([undefined, 1])
  responses.put(stored('c', 500))
  expect(responses.get('c')).toBeDefined()
  expect(responses.size).toBe(1)
})

it('stops a background response that it forgets', () => {
  const responses = new StoredResponses({ count: 1, characters: 100 })
  let cancelled = false
  responses.put({ ...stored('a'), cancel: () => (cancelled = true) })
  responses.put(stored('b'))
  expect(cancelled).toBe(true)
})
