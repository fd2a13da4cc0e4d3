import { expect, it } from 'vitest'
import { type Conversation, Conversations } from './conversations.ts'

const conversation = (id: string, size: number): Conversation => ({
  ...{ id, size, createdAt: 0, metadata: {}, locked: false },
  items: [{ id: `msg_${id}` }],
})

it('forgets the oldest beyond its size, with their items, but never the one that has just grown', () => {
  const conversations = new Conversations()
  conversations.add(conversation('a', 30_000_000))
  const b = conversation('b', 30_000_000)
  conversations.add(b)
  conversations.append(b, [{ id: 'msg_more' }], 10_000_000)
  expect([conversations.get('a'), conversations.hasItem('msg_a')]).toEqual([undefined, false])
  conversations.append(b, [], 100_000_000)
  expect(conversations.get('b')).toBe(b)
  expect(conversations.hasItem('msg_more')).toBe(true)
  conversations.add(conversation('c', 1))
  expect(conversations.count).toBe(1)
})

it('takes no further account of a conversation that was deleted while a response ran on it', () => {
  const conversations = new Conversations()
  const a = conversation('a', 1)
  conversations.add(a)
  conversations.delete('a')
  conversations.append(a, [{ id: 'msg_late' }], 100)
  expect([conversations.hasItem('msg_a'), conversations.hasItem('msg_late')]).toEqual([false, false])
})
