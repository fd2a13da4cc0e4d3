/** What an answer tells is bound before a byte of the event that tells it goes on, while every store is slow or broken. */
import { describe, expect, it } from 'vitest'
import { ownerKey } from '../../src/proxy/ownership/owner-key.ts'
import { calm, createWorld, responseEvents } from './world.ts'

const unstored = { model: 'm', input: 'x', stream: true, store: false }
const one = responseEvents('resp_1')
const reasoning = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'sealed' }
const done = `event: response.output_item.done\ndata: ${JSON.stringify({
  type: 'response.output_item.done',
  item: reasoning,
  sequence_number: 5,
})}\n\n`
const key = ownerKey('encrypted', 'sealed')

describe('encrypted content in the middle of a stream', () => {
  it('is held back, and its upstream paused, until it is bound', async () => {
    const world = createWorld()
    const slow = Promise.withResolvers<void>()
    world.scheduler.bind = () => slow.promise
    const client = await world.post(unstored)
    world.upstream.last.stream(one.created, one.delta)
    expect(client.text).toBe(one.created + one.delta)
    world.upstream.last.data(done)
    expect(client.text).toBe(one.created + one.delta)
    expect(world.upstream.last.paused).toBe(true)
    slow.resolve()
    await calm()
    expect(client.text).toBe(one.created + one.delta + done)
    expect(world.upstream.last.paused).toBe(false)
    world.upstream.last.data(one.completed).end()
    await client.done
    expect(client.text).toBe(one.created + one.delta + done + one.completed)
    expect(world.scheduler.leases[0]!.bound).toEqual([key])
  })

  it('is bound where the answer is a document, before the document goes on', async () => {
    const world = createWorld()
    const slow = Promise.withResolvers<void>()
    world.scheduler.bind = () => slow.promise
    const client = await world.post({ ...unstored, stream: false })
    world.upstream.last.json(200, { id: 'resp_1', status: 'completed', output: [reasoning] })
    await calm()
    expect(client.begun).toBe(false)
    slow.resolve()
    await client.done
    expect(client.status).toBe(200)
    expect(world.scheduler.leases[0]!.bound).toEqual([key])
  })

  it('is never told when it cannot be bound: the stream ends with an error', async () => {
    const world = createWorld()
    world.scheduler.bind = () => {
      throw new Error('disk full')
    }
    const client = await world.post(unstored)
    world.upstream.last.stream(one.created, one.delta, done)
    await client.done
    expect(client.text).not.toContain('sealed')
    expect(client.text).toContain('state_unavailable')
    expect(client.ending).toBe('ended')
    expect(world.scheduler.balanced).toBe(true)
  })
})

describe('a request that names what is not there', () => {
  it('asks the store for each thing once, and no upstream for anything', async () => {
    const world = createWorld()
    const item = { type: 'reasoning', summary: [], encrypted_content: 'unknown' }
    const client = await world.post({ model: 'm', input: [item, item, item] })
    await client.done
    expect(client.error.code).toBe('invalid_encrypted_content')
    expect(world.scheduler.requests.map(({ owners }) => owners)).toEqual([[ownerKey('encrypted', 'unknown')]])
    expect(world.upstream.exchanges).toEqual([])
  })
})
