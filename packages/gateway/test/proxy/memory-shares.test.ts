/** What requests hold in memory while their bodies come, and whose that is. */
import { describe, expect, it } from 'vitest'
import type { HeaderList } from '../../src/wire/header-list.ts'
import { bytesOf, FakeClient } from './fake-sides.ts'
import { calm, createWorld, keyA, keyB } from './world.ts'

const MiB = 1 << 20
const ask = { model: 'gpt', input: 'hi' }
const headers: HeaderList = [
  ['authorization', `Bearer ${keyA}`],
  ['content-type', 'application/json'],
]

type World = ReturnType<typeof createWorld>

/** A request of team a whose body comes in the chunks that the test sends. */
async function slow(world: World, announced?: number) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({}, {}, { highWaterMark: 100 })
  const writer = writable.getWriter()
  const length = announced === undefined ? [] : [['content-length', String(announced)] as const]
  const client = world.send(new FakeClient('POST', '/v1/responses', [...headers, ...length], readable))
  await calm()
  const say = async (bytes: Uint8Array) => {
    writer.write(bytes).catch(() => {})
    await calm()
  }
  return Object.assign(client, { say, finish: () => writer.close() })
}

async function served(world: World, key: string): Promise<number> {
  const client = await world.post(ask, { key })
  if (!client.begun) world.upstream.last.json(200, { id: 'resp_1' })
  await client.done
  return client.status
}

describe('slow senders of one tenant', () => {
  it('that announce no length hold what they have sent, not what they might', async () => {
    const world = createWorld({ limits: { bufferedBytes: 64 * MiB } })
    for (let i = 0; i < 30; i++) await (await slow(world)).say(new Uint8Array(1000))
    expect(world.pipeline.bufferedBytes).toBe(30_000)
    expect([await served(world, keyA), await served(world, keyB)]).toEqual([200, 200])
  })

  it('that announce one take their own share of the memory, and leave the others theirs', async () => {
    const world = createWorld({ limits: { bufferedBytes: 64 * MiB } })
    const senders: FakeClient[] = []
    for (let i = 0; i < 30; i++) senders.push(await slow(world, 10 * MiB))
    const refused = senders.filter(({ begun }) => begun)
    expect(refused).toHaveLength(27)
    expect(refused[0]!.error.code).toBe('tenant_memory')
    expect([refused[0]!.status, refused[0]!.header('retry-after')]).toEqual([429, '1'])
    expect(await served(world, keyB)).toBe(200)
  })

  it('that grow beyond the share are ended, and give back what they held', async () => {
    const world = createWorld({ limits: { bufferedBytes: 10 * MiB } })
    const first = await slow(world)
    await first.say(new Uint8Array(4 * MiB))
    const second = await slow(world)
    await second.say(new Uint8Array(MiB))
    await second.say(new Uint8Array(MiB))
    await second.done
    expect(second.error.code).toBe('tenant_memory')
    expect(world.pipeline.bufferedBytes).toBe(4 * MiB)
    expect(await served(world, keyB)).toBe(200)
    expect(first.begun).toBe(false)
  })

  it('are served once all has come', async () => {
    const world = createWorld({ limits: { bufferedBytes: MiB } })
    const client = await slow(world)
    for (const byte of bytesOf(JSON.stringify(ask))) await client.say(Uint8Array.of(byte))
    await client.finish()
    await calm()
    world.upstream.last.json(200, { id: 'resp_1' })
    await client.done
    expect(client.status).toBe(200)
    expect(world.pipeline.bufferedBytes).toBe(0)
  })
})
