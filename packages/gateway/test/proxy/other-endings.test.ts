/** What `endings.test.ts` holds for responses and chats, for everything else that takes a slot of an account. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { FakeClient, FakeExchange } from './fake-sides.ts'
import { calm, createWorld } from './world.ts'

type Act = (exchange: FakeExchange, client: FakeClient) => void

const heads: readonly Act[] = [
  exchange => void exchange.head(200, [['content-type', 'application/json']]),
  exchange => void exchange.head(200, [['content-type', 'audio/mpeg']]),
  exchange => void exchange.head(500, [['content-type', 'application/json']]),
  exchange => void exchange.head(429, [['content-type', 'text/html']]),
  exchange => void exchange.stream(),
]
const parts: readonly Act[] = [
  exchange => void exchange.data('{"id":"conv_1"'),
  exchange => void exchange.data('}'),
  exchange => void exchange.data('{"error":{"message":"no"}}'),
  exchange => void exchange.data('data: {"type":"speech.audio.done"}\n\n'),
  exchange => void exchange.data(Uint8Array.of(0xff, 0, 10, 10)),
  exchange => exchange.end(),
]
const rest: readonly Act[] = [
  exchange => exchange.fault({ kind: 'closed', detail: '' }),
  exchange => exchange.fault({ kind: 'connect', detail: '' }, { requestSent: false }),
  (_, client) => client.leave(),
  (_, client) => client.dawdle(),
  (_, client) => client.drain(),
]

it.each([
  ['a conversation that is made', '/v1/conversations', {}],
  ['a vector store that is made', '/v1/vector_stores', { name: 'x' }],
  ['a container that is made', '/v1/containers', { name: 'x' }],
  ['a compaction', '/v1/responses/compact', { model: 'gpt-5.1', input: 'x' }],
  ['an embedding', '/v1/embeddings', { model: 'gpt-5.1', input: 'x' }],
  ['what is passed through', '/v1/audio/speech', { model: 'gpt-5.1', input: 'x' }],
  ['background work', '/v1/responses', { model: 'gpt-5.1', input: 'x', background: true, stream: true }],
] as const)(
  '%s gives back every slot and byte once, whatever happens in whatever order',
  async (_what, path, body) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...heads, ...parts, ...rest), { maxLength: 10 }),
        fc.boolean(),
        async (acts, slowStore) => {
          const world = createWorld()
          world.scheduler.bind = slowStore ? () => Promise.resolve() : () => {}
          const client = await world.post(body, { path })
          let headed: FakeExchange | undefined
          for (const act of acts) {
            const { last } = world.upstream
            // An exchange has one head, and it comes first.
            if (heads.includes(act) && headed === last) continue
            if (parts.includes(act) && headed !== last) continue
            if (heads.includes(act)) headed = last
            act(last, client)
            await calm()
          }
          world.upstream.answer = exchange => exchange.json(500, { error: {} })
          client.leave()
          await client.done
          await calm()
          expect(world.scheduler.balanced).toBe(true)
          expect(world.failures).toEqual([])
          expect(world.records).toHaveLength(1)
          expect(world.pipeline.bufferedBytes).toBe(0)
        },
      ),
      { numRuns: 100 },
    )
  },
)
